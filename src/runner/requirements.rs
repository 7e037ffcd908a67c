//! What a worker's imports are called where they are installed from, pinned as the project pins
//! them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::model::Name;

/// Imports whose distribution has another name, sorted.
const DISTRIBUTIONS: &[(&str, &str)] = &[
    ("Crypto", "pycryptodome"),
    ("MySQLdb", "mysqlclient"),
    ("OpenSSL", "pyOpenSSL"),
    ("PIL", "Pillow"),
    ("attr", "attrs"),
    ("bs4", "beautifulsoup4"),
    ("cv2", "opencv-python"),
    ("dateutil", "python-dateutil"),
    ("dns", "dnspython"),
    ("docx", "python-docx"),
    ("dotenv", "python-dotenv"),
    ("faiss", "faiss-cpu"),
    ("fitz", "PyMuPDF"),
    ("gi", "PyGObject"),
    ("git", "GitPython"),
    ("github", "PyGithub"),
    ("jose", "python-jose"),
    ("jwt", "PyJWT"),
    ("magic", "python-magic"),
    ("mpl_toolkits", "matplotlib"),
    ("nacl", "PyNaCl"),
    ("pkg_resources", "setuptools"),
    ("pptx", "python-pptx"),
    ("serial", "pyserial"),
    ("skimage", "scikit-image"),
    ("sklearn", "scikit-learn"),
    ("slugify", "python-slugify"),
    ("socks", "PySocks"),
    ("tlz", "toolz"),
    ("umap", "umap-learn"),
    ("yaml", "PyYAML"),
    ("zmq", "pyzmq"),
];

/// What to install for a worker.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    /// One line of a requirements file per import that the project declares.
    pub declared: Vec<String>,
    /// Distributions that the project imports and nowhere declares.
    pub undeclared: Vec<String>,
}

/// The requirements behind a worker's imports.
pub fn of(root: &Path, imports: &[Name]) -> Requirements {
    let known = declared(root);
    let mut found = Requirements::default();
    for import in imports {
        let name = match DISTRIBUTIONS.binary_search_by_key(&&**import, |(import, _)| import) {
            Ok(at) => DISTRIBUTIONS[at].1,
            Err(_) => import,
        };
        match known.get(&normal(name)).or_else(|| known.get(&normal(import))) {
            Some(line) => found.declared.push(line.clone()),
            None => found.undeclared.push(name.to_owned()),
        }
    }
    found
}

/// Requirement lines by normalised name; the exact versions of a lock file win.
fn declared(root: &Path) -> BTreeMap<String, String> {
    let mut known = BTreeMap::new();
    let mut note = |line: &str| {
        let line = line.split(" #").next().unwrap_or(line).split(" --hash").next().unwrap_or(line);
        let line = line.trim().trim_end_matches('\\').trim();
        let name = name_of(line);
        if !name.is_empty() && !line.contains("://") {
            known.insert(normal(name), line.to_owned());
        }
    };
    for file in ["requirements.in", "requirements.txt", "requirements.lock"] {
        let text = std::fs::read_to_string(root.join(file)).unwrap_or_default();
        text.lines().for_each(&mut note);
    }
    let manifest = table(&root.join("pyproject.toml"));
    let strings = |value: Option<&toml::Value>| -> Vec<String> {
        let all = value.and_then(toml::Value::as_array).into_iter().flatten();
        all.filter_map(|one| one.as_str().map(str::to_owned)).collect()
    };
    if let Some(project) = manifest.get("project") {
        strings(project.get("dependencies")).iter().for_each(|line| note(line));
        let extras = project.get("optional-dependencies").and_then(toml::Value::as_table);
        for extra in extras.into_iter().flat_map(toml::Table::values) {
            strings(Some(extra)).iter().for_each(|line| note(line));
        }
    }
    let poetry = manifest.get("tool").and_then(|tool| tool.get("poetry"));
    let poetry = poetry.and_then(|poetry| poetry.get("dependencies")?.as_table());
    for name in poetry.into_iter().flat_map(toml::Table::keys).filter(|name| *name != "python") {
        note(name);
    }
    for lock in ["poetry.lock", "uv.lock", "pdm.lock"] {
        let lock = table(&root.join(lock));
        let packages = lock.get("package").and_then(toml::Value::as_array);
        for package in packages.into_iter().flatten() {
            let text = |key: &str| package.get(key).and_then(toml::Value::as_str);
            if let (Some(name), Some(version)) = (text("name"), text("version")) {
                note(&format!("{name}=={version}"));
            }
        }
    }
    known
}

fn table(path: &Path) -> toml::Table {
    std::fs::read_to_string(path).ok().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// The name that a requirement line starts with; options have none.
fn name_of(line: &str) -> &str {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let end = line.find(|letter| !is_name(letter)).unwrap_or(line.len());
    let name = &line[..end];
    if name.starts_with(['-', '.']) { "" } else { name }
}

fn normal(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_become_the_projects_own_requirement_lines() {
        assert!(DISTRIBUTIONS.is_sorted());
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write(
            "requirements.txt",
            "-r other.txt\nPyYAML>=5 # why\nnumpy==1.2 \\\n  --hash=sha256:1\n",
        );
        write("pyproject.toml", "[project]\ndependencies = ['python_dateutil[x]<3', 'rich']\n");
        write("uv.lock", "[[package]]\nname = 'rich'\nversion = '13.0'\n");
        let imports = ["dateutil", "numpy", "rich", "sklearn", "yaml"].map(Name::from);
        let found = of(folder.path(), &imports);
        let wanted = ["python_dateutil[x]<3", "numpy==1.2", "rich==13.0", "PyYAML>=5"];
        assert_eq!(found.declared, wanted);
        assert_eq!(found.undeclared, ["scikit-learn"]);
    }
}
