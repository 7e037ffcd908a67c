use metascope::analyzers::{SourceFile, extract, link};
use metascope::model::*;
use std::sync::Arc;
fn walk(
    dir: &std::path::Path,
    root: &std::path::Path,
    out: &mut Vec<SourceFile>,
    man: &mut Vec<Manifest>,
) {
    let mut es: Vec<_> = std::fs::read_dir(dir).unwrap().flatten().collect();
    es.sort_by_key(|e| e.path());
    for e in es {
        let p = e.path();
        let n = e.file_name().to_string_lossy().to_string();
        if p.is_dir() {
            if n != "target" && !n.starts_with('.') {
                walk(&p, root, out, man);
            }
            continue;
        }
        let rel = p.strip_prefix(root).unwrap().to_string_lossy().to_string();
        if n == "Cargo.toml" {
            man.push(Manifest {
                path: rel.into(),
                text: std::fs::read_to_string(&p).unwrap().into(),
            });
        } else if n.ends_with(".rs") {
            if let Ok(t) = std::fs::read_to_string(&p) {
                out.push(SourceFile {
                    path: rel.into(),
                    language: Language::Rust,
                    module: "".into(),
                    text: t.into(),
                });
            }
        }
    }
}
fn main() {
    let what = std::env::args().nth(1).unwrap();
    let root = std::path::PathBuf::from(std::env::args().nth(2).unwrap());
    std::thread::Builder::new()
        .stack_size(256 << 20)
        .spawn(move || run(what, root))
        .unwrap()
        .join()
        .unwrap();
}
fn run(what: String, root: std::path::PathBuf) {
    let mut files = vec![];
    let mut man = vec![];
    if root.is_file() {
        files.push(SourceFile {
            path: root.file_name().unwrap().to_string_lossy().to_string().into(),
            language: Language::Rust,
            module: "".into(),
            text: std::fs::read_to_string(&root).unwrap().into(),
        });
    } else {
        walk(&root, &root, &mut files, &mut man);
    }
    let t0 = std::time::Instant::now();
    for f in &files {
        let _ = std::hint::black_box(syn::parse_file(&f.text));
        proc_macro2::extra::invalidate_current_thread_spans();
    }
    let t1 = std::time::Instant::now();
    let facts: Vec<_> = files.iter().map(|f| (f, Arc::new(extract(f)))).collect();
    let t2 = std::time::Instant::now();
    let entries = facts
        .iter()
        .map(|(f, x)| FileEntry {
            path: f.path.clone(),
            language: f.language,
            lines: x.lines,
            status: FileStatus::Fresh,
            facts: Some(x.clone()),
        })
        .collect();
    link::rust::world::std_facts();
    let t3 = std::time::Instant::now();
    let project = link::link(link::LinkInput {
        root: "x".into(),
        files: entries,
        manifests: man,
        diagnostics: vec![],
    });
    let t4 = std::time::Instant::now();
    eprintln!(
        "parse {:?} extract(with parse) {:?} std {:?} link {:?} files {} lines {}",
        t1 - t0,
        t2 - t1,
        t3 - t2,
        t4 - t3,
        files.len(),
        facts.iter().map(|f| f.1.lines).sum::<u32>()
    );
    match what.as_str() {
        "schemas" => println!("{}", serde_json::to_string_pretty(&project.schemas).unwrap()),
        "tasks" => println!("{}", serde_json::to_string_pretty(&project.tasks).unwrap()),
        "registries" => println!("{}", serde_json::to_string_pretty(&project.registries).unwrap()),
        "symbols" => {
            for s in &project.symbols {
                println!(
                    "{} {:?} {}:{}-{} {}",
                    s.name,
                    s.kind,
                    s.file,
                    s.line,
                    s.end_line,
                    s.signature.as_deref().unwrap_or("")
                );
            }
        }
        "diagnostics" => {
            for s in &project.diagnostics {
                println!("{:?}", s);
            }
        }
        "calls" => println!("{}", serde_json::to_string(&project.calls).unwrap()),
        "counts" => println!("{:?}", project.counts()),
        _ => {}
    }
}
