//! The module tree: which module of which crate each file, inline module and block is.

use rustc_hash::FxHashMap;

use super::RustFile;
use super::cfg::{self, Gates};
use super::crates::{Package, TargetKind, packages, underscored};
use crate::model::facts::rust::modules::ModuleKind;
use crate::model::{Manifest, Name};

pub type ModuleId = u32;

/// A module of some crate.
#[derive(Debug)]
pub struct ModuleNode {
    /// `crate_name::a::b`; a block has the path of the function it stands in.
    pub path: Name,
    pub parent: Option<ModuleId>,
    pub krate: u32,
    pub file: u32,
    /// Index into the file's own modules.
    pub local: u32,
    pub is_block: bool,
    /// Whether its `cfg` is judged true.
    pub is_active: bool,
}

#[derive(Debug)]
pub struct Crate {
    pub name: Name,
    pub root: ModuleId,
    pub kind: TargetKind,
    /// Index into [`Modules::packages`].
    pub package: Option<u32>,
}

/// The module trees of all crates of the project.
pub struct Modules {
    pub nodes: Vec<ModuleNode>,
    pub crates: Vec<Crate>,
    pub packages: Vec<Package>,
    /// File → its own modules → id. Modules that were never found have none.
    by_file: Vec<Vec<Option<ModuleId>>>,
    /// `mod name;` lines, by file and local module, and the file each stands for.
    declared: FxHashMap<(u32, u32), u32>,
    files: FxHashMap<Name, u32>,
    unknown: Name,
}

impl Modules {
    /// The last of `files` may be the standard library's signatures, with an empty path.
    pub fn build(files: &[RustFile<'_>], manifests: &[Manifest]) -> Self {
        let by_file =
            files.iter().map(|file| vec![None; file.facts.modules.modules.len()]).collect();
        let paths = files.iter().enumerate();
        let mut builder = Builder {
            files,
            modules: Self {
                nodes: Vec::new(),
                crates: Vec::new(),
                packages: packages(manifests),
                by_file,
                declared: FxHashMap::default(),
                files: paths.map(|(at, file)| (file.file.path.clone(), at as u32)).collect(),
                unknown: "crate".into(),
            },
            gates: Gates::default(),
        };
        builder.crates();
        builder.orphans();
        builder.modules
    }

    /// The module path of a file, crate name first.
    pub fn path_of(&self, file: &str) -> &Name {
        let id = self.files.get(file).and_then(|file| self.id(*file as usize, 0));
        id.map_or(&self.unknown, |id| &self.nodes[id as usize].path)
    }

    /// The module that a file is.
    pub fn of_file(&self, file: &str) -> Option<ModuleId> {
        self.id(*self.files.get(file)? as usize, 0)
    }

    /// The id of a file's own module.
    pub fn id(&self, file: usize, local: u32) -> Option<ModuleId> {
        if let Some(target) = self.declared.get(&(file as u32, local)) {
            return self.by_file.get(*target as usize)?.first().copied().flatten();
        }
        self.by_file.get(file)?.get(local as usize).copied().flatten()
    }

    pub fn node(&self, id: ModuleId) -> &ModuleNode {
        &self.nodes[id as usize]
    }

    pub fn krate(&self, module: ModuleId) -> &Crate {
        &self.crates[self.nodes[module as usize].krate as usize]
    }

    /// The package a file's crate belongs to.
    pub fn package_of(&self, file: usize) -> Option<&Package> {
        let package = self.krate(self.id(file, 0)?).package?;
        self.packages.get(package as usize)
    }
}

struct Builder<'b, 'a> {
    files: &'b [RustFile<'a>],
    modules: Modules,
    /// The gates of the crate being mounted.
    gates: Gates<'a>,
}

/// Where a module's body is to be mounted.
struct Mount {
    file: u32,
    local: u32,
    parent: Option<ModuleId>,
    path: Name,
    krate: u32,
    is_active: bool,
    /// The folder in which `mod name;` looks, with a final `/`.
    folder: String,
}

impl Builder<'_, '_> {
    fn crates(&mut self) {
        let mut roots: Vec<(TargetKind, u32, String, Option<u32>)> = Vec::new();
        for (at, file) in self.files.iter().enumerate() {
            let path = &*file.file.path;
            if path.is_empty() {
                roots.push((TargetKind::Library, at as u32, "std".into(), None));
                continue;
            }
            let mut owners = self.modules.packages.iter().enumerate();
            let owner = owners.find(|(_, package)| path.starts_with(&package.folder));
            if let Some((package, owner)) = owner
                && let Some((name, kind)) = owner.target(&path[owner.folder.len()..])
            {
                roots.push((kind, at as u32, name, Some(package as u32)));
            }
        }
        roots.sort();
        for (kind, file, name, package) in roots {
            self.mount_crate(kind, file, &name, package);
        }
    }

    /// Files that no crate reaches: library or binary roots without a manifest first, then files
    /// under `src/` by their place, then each one a crate of its own.
    fn orphans(&mut self) {
        let mut rest: Vec<u32> =
            (0..self.files.len() as u32).filter(|file| self.is_unmounted(*file)).collect();
        rest.sort_by_key(|file| {
            let path = &*self.files[*file as usize].file.path;
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            let rank = match name {
                "lib.rs" => 0,
                "main.rs" => 1,
                "mod.rs" => 3,
                _ => 2,
            };
            (folder.matches('/').count() + usize::from(!folder.is_empty()), rank, *file)
        });
        for file in rest {
            if !self.is_unmounted(file) {
                continue;
            }
            let path = self.files[file as usize].file.path.clone();
            let mut owners = self.modules.packages.iter().enumerate();
            let owner = owners.find(|(_, package)| path.starts_with(&package.folder));
            let package = owner.map(|(at, _)| at as u32);
            let by_place = owner.and_then(|(_, package)| {
                let inner =
                    path[package.folder.len()..].strip_prefix("src/")?.strip_suffix(".rs")?;
                let inner = inner.strip_suffix("/mod").unwrap_or(inner);
                Some(format!("{}::{}", package.library, inner.replace('/', "::")))
            });
            let stem = path.rsplit('/').next().unwrap_or(&path).trim_end_matches(".rs");
            let name = by_place.unwrap_or_else(|| match stem {
                "lib" | "main" => "crate".into(),
                "mod" => path.rsplit('/').nth(1).map_or_else(|| "crate".into(), underscored),
                other => underscored(other),
            });
            self.mount_crate(TargetKind::Loose, file, &name, package);
        }
    }

    fn is_unmounted(&self, file: u32) -> bool {
        self.modules.id(file as usize, 0).is_none()
    }

    fn mount_crate(&mut self, kind: TargetKind, file: u32, name: &str, package: Option<u32>) {
        if !self.is_unmounted(file) {
            return;
        }
        let krate = self.modules.crates.len() as u32;
        let root = self.modules.nodes.len() as ModuleId;
        self.modules.crates.push(Crate { name: name.into(), root, kind, package });
        self.gates = Gates::default();
        let path = &self.files[file as usize].file.path;
        let folder = path.rfind('/').map_or(String::new(), |at| path[..=at].to_string());
        // Macros are textual: the ones gathered so far gate what is mounted after them.
        let mut waiting = vec![Mount {
            file,
            local: 0,
            parent: None,
            path: name.into(),
            krate,
            is_active: true,
            folder,
        }];
        while let Some(mount) = waiting.pop() {
            self.mount(mount, &mut waiting);
        }
    }

    /// Gives an id to a module and to all modules of the same file inside it; puts the files its
    /// `mod name;` lines name on `waiting`.
    fn mount(&mut self, mount: Mount, waiting: &mut Vec<Mount>) {
        // A file that two `mod` lines name belongs to the first.
        if !self.is_unmounted(mount.file) {
            return;
        }
        let facts = self.files[mount.file as usize].facts;
        for item in &facts.items.macros {
            if let Some(gate) = &item.gate {
                self.gates.insert(facts.word(item.name), gate);
            }
        }
        // Folders of the file's inline modules, by local index.
        let mut folders: Vec<String> = vec![String::new(); facts.modules.modules.len()];
        for (local, module) in facts.modules.modules.iter().enumerate() {
            let local = local as u32;
            let (parent, path, folder, is_active) = if local == mount.local {
                (mount.parent, mount.path.clone(), mount.folder.clone(), mount.is_active)
            } else {
                let Some(parent) =
                    module.parent.and_then(|p| self.modules.id(mount.file as usize, p))
                else {
                    continue;
                };
                let outer = &folders[module.parent.unwrap_or_default() as usize];
                let name = facts.word(module.name);
                let above = self.modules.node(parent);
                let is_active = above.is_active
                    && module.cfg.as_ref().is_none_or(|cfg| cfg::holds(cfg, &self.gates));
                let path: Name = if name.is_empty() {
                    above.path.clone()
                } else {
                    format!("{}::{name}", above.path).into()
                };
                if module.kind == ModuleKind::Declared {
                    let in_file = module.parent == Some(0);
                    let found =
                        self.find(&mount, in_file, outer, name, module.path_attribute.as_deref());
                    if let Some((file, folder)) = found {
                        waiting.push(Mount {
                            file,
                            local: 0,
                            parent: Some(parent),
                            path,
                            krate: mount.krate,
                            is_active,
                            folder,
                        });
                        self.declare(mount.file, local, file);
                    }
                    continue;
                }
                let folder = match (&module.path_attribute, module.kind) {
                    (Some(path), ModuleKind::Inline) => format!("{outer}{path}/"),
                    (None, ModuleKind::Inline) => format!("{outer}{name}/"),
                    _ => outer.clone(),
                };
                (Some(parent), path, folder, is_active)
            };
            folders[local as usize] = folder;
            let id = self.modules.nodes.len() as ModuleId;
            self.modules.by_file[mount.file as usize][local as usize] = Some(id);
            self.modules.nodes.push(ModuleNode {
                path,
                parent,
                krate: mount.krate,
                file: mount.file,
                local,
                is_block: module.kind == ModuleKind::Block,
                is_active,
            });
        }
    }

    /// Notes which file a `mod name;` stands for; its id is known once that file is mounted.
    fn declare(&mut self, file: u32, local: u32, target: u32) {
        self.modules.declared.insert((file, local), target);
    }

    /// The file of `mod name;`, if it is there, and the folder in which its own `mod` lines look.
    fn find(
        &self,
        mount: &Mount,
        in_file: bool,
        folder: &str,
        name: &str,
        attribute: Option<&str>,
    ) -> Option<(u32, String)> {
        let look = |path: &str| self.modules.files.get(normal(path).as_str()).copied();
        if let Some(attribute) = attribute {
            let path = &self.files[mount.file as usize].file.path;
            let own = path.rfind('/').map_or("", |at| &path[..=at]);
            let target = normal(&format!("{}{attribute}", if in_file { own } else { folder }));
            let file = look(&target)?;
            let folder = target.rfind('/').map_or(String::new(), |at| target[..=at].to_string());
            return Some((file, folder));
        }
        let inner = format!("{folder}{name}/");
        let file =
            look(&format!("{folder}{name}.rs")).or_else(|| look(&format!("{inner}mod.rs")))?;
        Some((file, inner))
    }
}

/// A path with its `.` and `..` parts taken out.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}
