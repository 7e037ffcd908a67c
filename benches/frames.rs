//! Frames at 200×60 on a project of a million lines: the budget is 4 ms in the median for any
//! view, 16 ms at worst (the first frame of a view after a save, which builds its rows).

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use metascope::app::{Action, Model, View};
use metascope::model::{
    CallEdge, CallGraph, CallNode, Certainty, Change, Diagnostic, EdgeKind, FileEntry, FileStatus,
    Finding, FindingKind, Language, Member, Name, NodeKind, Project, Registry, Schema, Severity,
    Span, Symbol, SymbolKind, Task,
};
use metascope::shell::headless::Headless;
use metascope::views::Theme;
use metascope::views::theme::Palette;
use serde_json::json;

const FILES: usize = 2_000;
const FUNCTIONS: usize = 60;
const SIZE: (u16, u16) = (200, 60);

fn path(file: usize) -> Name {
    format!("pkg{}/sub{}/module{file:04}.py", file / 400, file / 40).into()
}

fn function(file: usize, at: usize) -> Name {
    format!("pkg{}.sub{}.module{file:04}.function{at:02}", file / 400, file / 40).into()
}

/// A project of a million lines, made up: 120 000 functions, 360 000 calls, 10 000 members.
fn project() -> Project {
    let why: Name = "a call of the decorator".into();
    let mut project = Project { revision: 1, root: "large".into(), ..Project::default() };
    let mut nodes = Vec::new();
    for file in 0..FILES {
        project.files.push(FileEntry {
            path: path(file),
            language: Language::Python,
            lines: 500,
            status: FileStatus::Fresh,
            facts: None,
        });
        for at in 0..FUNCTIONS {
            let (name, line) = (function(file, at), at as u32 * 8 + 1);
            project.symbols.push(Symbol {
                name: name.clone(),
                kind: SymbolKind::Function,
                language: Language::Python,
                file: path(file),
                line,
                end_line: line + 7,
                span: Span::new(line * 40, line * 40 + 300),
                signature: Some("(value: int, other: str = \"x\") -> bool".into()),
                doc: None,
                is_async: false,
            });
            nodes.push(CallNode {
                name,
                kind: NodeKind::Function,
                file: Some(path(file)),
                line: Some(line),
            });
        }
        project.diagnostics.push(Diagnostic {
            file: path(file),
            line: 9,
            column: 1,
            severity: Severity::Warning,
            code: "some-code".into(),
            message: "something is not as it should be".into(),
        });
        for at in 0..10 {
            project.findings.push(Finding {
                rule: "rule".into(),
                pattern: "decorator-registry".into(),
                kind: FindingKind::Pattern,
                file: path(file),
                line: at * 8 + 1,
                symbol: function(file, at as usize),
                message: "a decorator stores what it decorates".into(),
                certainty: Certainty::Exact,
                why: why.clone(),
            });
        }
        for at in 0..4 {
            project.schemas.push(schema(file, at));
            project.tasks.push(task(file, at));
        }
    }
    project.symbols.sort_by(|a, b| a.name.cmp(&b.name));
    nodes.sort_by(|a, b| a.name.cmp(&b.name));
    let count = nodes.len() as u32;
    let edges = (0..count).flat_map(|from| {
        let why = why.clone();
        (1..=3).map(move |step| CallEdge {
            from,
            to: (from * 7 + step * 1_013) % count,
            file: path(from as usize / FUNCTIONS),
            line: step,
            column: 5,
            kind: EdgeKind::Call,
            certainty: Certainty::Exact,
            why: why.clone(),
        })
    });
    let edges = edges.collect();
    project.calls = CallGraph { edges, nodes, unresolved: Vec::new() }.into();
    project.registries = (0..500).map(|at| registry(at, &why)).collect();
    project
}

fn registry(at: usize, why: &Name) -> Registry {
    let member = |of: usize| Member {
        key: Some(format!("key{of}").into()),
        target: function(at * 4, of),
        file: path(at * 4),
        line: of as u32 * 8 + 1,
        certainty: Certainty::Exact,
        why: why.clone(),
    };
    Registry {
        name: format!("pkg.REGISTRY{at}").into(),
        kind: "decorator".into(),
        registrar: function(at * 4, 0),
        language: Language::Python,
        file: path(at * 4),
        line: 3,
        certainty: Certainty::Exact,
        why: why.clone(),
        members: (0..20).map(member).collect(),
    }
}

fn schema(file: usize, at: usize) -> Schema {
    Schema {
        name: format!("pkg.module{file:04}.Shape{at}").into(),
        kind: "dataclass".into(),
        language: Language::Python,
        file: path(file),
        line: at as u32 + 1,
        fields: Vec::new(),
        json_schema: json!({"type": "object", "properties": {"a": {"type": "integer"}}}),
    }
}

fn task(file: usize, at: usize) -> Task {
    Task {
        id: function(file, at),
        name: format!("function{at:02}").into(),
        language: Language::Python,
        file: path(file),
        line: at as u32 * 8 + 1,
        doc: None,
        registrar: Some("pkg.app.task".into()),
        is_async: false,
        runnable: true,
        reason: None,
        input_schema: json!({"type": "object", "properties": {"value": {"type": "integer"}}}),
        output_schema: json!({}),
    }
}

fn workbench(project: &Project) -> Headless {
    let folder = std::env::temp_dir();
    let model = Model::of_project(project.clone());
    Headless::new(model, Theme::new(Palette::Dark), &folder, SIZE)
}

fn frames(criterion: &mut Criterion) {
    let project = project();
    let mut shell = workbench(&project);
    let mut group = criterion.benchmark_group("frame-200x60-1M-lines");
    group.measurement_time(Duration::from_secs(2)).sample_size(30);
    for view in View::ALL {
        shell.show(view, None);
        group.bench_function(view.name(), |bencher| {
            bencher.iter(|| {
                shell.act(Action::Command("list.down"));
                black_box(shell.frame())
            });
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("first-frame-after-a-save-1M-lines");
    group.measurement_time(Duration::from_secs(2)).sample_size(10);
    let mut next = project.clone();
    let mut snapshots = [Arc::new(project), {
        next.revision = 2;
        Arc::new(next)
    }];
    for view in View::ALL {
        shell.show(view, None);
        group.bench_function(view.name(), |bencher| {
            bencher.iter(|| {
                snapshots.swap(0, 1);
                let project = snapshots[0].clone();
                shell.act(Action::Snapshot { project, change: Change::default() });
                black_box(shell.frame())
            });
        });
    }
    group.finish();
}

fn palette(criterion: &mut Criterion) {
    let mut shell = workbench(&project());
    criterion.bench_function("palette-key-1M-lines", |bencher| {
        bencher.iter(|| shell.press("<ctrl-p>mod12func<esc>"));
    });
}

criterion_group!(benches, frames, palette);
criterion_main!(benches);
