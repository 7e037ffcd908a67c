//! Keys typed to an idle model, and what the frame says then.

use metascope::app::action::Mouse;
use metascope::app::{Action, Effect, Hit, View, update};
use metascope::model::{
    CallEdge, CallGraph, CallNode, Certainty, Change, EdgeKind, NodeKind, Project,
};
use metascope::shell::headless::Headless;
use metascope::views::theme::Palette;

use super::support::{folder, open_path, text};

const CART: &str = "\
from dataclasses import dataclass


@dataclass
class Cart:
    items: int = 0

    def add(self, count: int) -> int:
        return helper(count)


def helper(count: int) -> int:
    return count + 1


def main():
    helper(2)
";

fn shop(size: (u16, u16)) -> (tempfile::TempDir, Headless) {
    let files = [
        ("shop/cart.py", CART),
        ("shop/名前.py", "def 挨拶():\n    return '漢字'\n"),
        ("top.py", "x = 1\n"),
    ];
    let folder = folder(&files);
    let shell = open_path(folder.path(), size, Palette::Dark);
    (folder, shell)
}

#[test]
fn moving_unfolding_and_opening() {
    let (_folder, mut shell) = shop((100, 30));
    shell.press("j");
    assert!(text(&mut shell).contains("▌  ▸ cart.py"), "{}", text(&mut shell));
    shell.press("l");
    let unfolded = text(&mut shell);
    assert!(unfolded.contains("class Cart") && unfolded.contains("fn helper"), "{unfolded}");
    shell.press("/add<enter>");
    let filtered = text(&mut shell);
    assert!(filtered.contains("/add") && filtered.contains("fn add"), "{filtered}");
    assert!(!filtered.contains("fn helper(") && !filtered.contains("top.py"), "{filtered}");
    shell.press("G<enter>");
    assert_eq!(shell.model.view, View::Source);
    assert_eq!(shell.model.source.place().unwrap().to_string(), "shop/cart.py:8");
    shell.press("[");
    assert_eq!(shell.model.view, View::Project);
    assert_eq!(shell.model.list().filter.text(), "add");
    shell.press("]");
    assert_eq!(shell.model.view, View::Source);
    shell.press("<esc><esc>");
    assert_eq!(shell.model.view, View::Project);
    assert!(!shell.model.list().filter.is_set());
}

/// `Cart.add` and `main` call `helper`: given by hand, so that only the workbench is tested.
fn calls() -> CallGraph {
    let node = |(name, line): &(&str, u32)| CallNode {
        name: (*name).into(),
        kind: NodeKind::Function,
        file: Some("shop/cart.py".into()),
        line: Some(*line),
    };
    let edge = |from, line| CallEdge {
        from,
        to: 1,
        file: "shop/cart.py".into(),
        line,
        column: 5,
        kind: EdgeKind::Call,
        certainty: Certainty::Exact,
        why: "a call of the function's name".into(),
    };
    let nodes = [("shop.cart.Cart.add", 8), ("shop.cart.helper", 12), ("shop.cart.main", 16)];
    CallGraph {
        nodes: nodes.iter().map(node).collect(),
        edges: vec![edge(0, 9), edge(2, 17)],
        unresolved: Vec::new(),
    }
}

#[test]
fn callers_and_definition_from_a_row() {
    let (_folder, mut shell) = shop((120, 40));
    let mut project = shell.model.project.as_ref().clone();
    project.calls = calls().into();
    project.revision += 1;
    shell.act(Action::Snapshot { project: project.into(), change: Change::default() });
    shell.show(View::Source, Some("shop.cart.helper"));
    shell.press("gr");
    let callers = text(&mut shell);
    assert!(callers.contains("2 callers of shop.cart.helper"), "{callers}");
    assert!(
        callers.contains("shop.cart.Cart.add") && callers.contains("shop.cart.main"),
        "{callers}"
    );
    shell.press("<enter>");
    assert_eq!(shell.model.source.place().unwrap().to_string(), "shop/cart.py:9");
    shell.press("gd");
    assert_eq!(shell.model.source.place().unwrap().to_string(), "shop/cart.py:12");
}

#[test]
fn selection_follows_its_row_when_the_project_changes() {
    let (folder, mut shell) = shop((100, 30));
    shell.press("zRG");
    let selected = shell.model.list().selected.clone().unwrap();
    assert_eq!(&*selected, "top.py");
    std::fs::write(folder.path().join("shop/a_new.py"), "def first(): pass\n").unwrap();
    let mut after =
        open_path(folder.path(), (100, 30), Palette::Dark).model.project.as_ref().clone();
    after.revision = 7;
    let change = Change { added: vec!["symbol:shop.a_new.first".into()], ..Change::default() };
    shell.act(Action::Snapshot { project: after.into(), change });
    assert_eq!(shell.model.list().selected.as_ref(), Some(&selected));
    let frame = text(&mut shell);
    assert!(frame.contains("▌  top.py"), "{frame}");
    assert!(frame.contains("+1 −0"), "{frame}");
    assert!(frame.lines().any(|line| line.starts_with("+") && line.contains("first")), "{frame}");
}

#[test]
fn what_is_read_first_is_no_change() {
    let (_folder, whole) = shop((100, 30));
    let project = whole.model.project.clone();
    let part = std::sync::Arc::new(Project { pending: true, ..Project::clone(&project) });
    let mut shell = Headless::new(
        metascope::app::Model::new(Default::default()),
        metascope::views::Theme::new(Palette::Dark),
        std::path::Path::new("/"),
        (100, 30),
    );
    assert!(text(&mut shell).contains("Reading files"));
    shell.act(Action::Progress { done: 64, total: 300 });
    let added = Change { added: vec!["schema:a".into()], ..Change::default() };
    shell.act(Action::Snapshot { project: part.clone(), change: added.clone() });
    let frame = text(&mut shell);
    assert!(frame.contains("reading 64/300") && !frame.contains("+1"), "{frame}");
    // What was read is shown while it is linked.
    shell.act(Action::Progress { done: 300, total: 300 });
    shell.act(Action::Snapshot { project: part, change: Change::default() });
    assert!(text(&mut shell).contains("linking …"));
    let last = Change { files: vec!["top.py".into()], ..added.clone() };
    shell.act(Action::Snapshot { project: project.clone(), change: last.clone() });
    let frame = text(&mut shell);
    assert!(!frame.contains("linking") && !frame.contains("+1"), "{frame}");
    shell.act(Action::Snapshot { project, change: last });
    assert!(text(&mut shell).contains("+1 −0"));
}

#[test]
fn help_is_searchable_and_its_rows_do_what_they_say() {
    let (_folder, mut shell) = shop((120, 40));
    shell.press("?/unfold all<enter>G<enter>");
    assert_eq!(shell.model.view, View::Project);
    assert!(text(&mut shell).contains("fn main"));
}

#[test]
fn the_palette_finds_symbols_files_and_commands() {
    let (_folder, mut shell) = shop((100, 30));
    shell.press("@helper");
    assert!(text(&mut shell).contains("shop.cart.helper"));
    shell.press("<enter>");
    assert_eq!(shell.model.source.place().unwrap().to_string(), "shop/cart.py:12");
    shell.press(":diagnostics<enter>");
    assert_eq!(shell.model.view, View::Diagnostics);
    shell.press("<ctrl-p>top.py<enter>");
    assert_eq!(shell.model.source.place().unwrap().to_string(), "top.py:1");
}

#[test]
fn an_unfinished_sequence_tells_how_it_goes_on() {
    let (_folder, mut shell) = shop((100, 30));
    shell.press("g");
    let hint = text(&mut shell);
    assert!(hint.contains("d  Go to definition") && hint.contains("r  Callers"), "{hint}");
    shell.press("<esc>");
    assert!(!text(&mut shell).contains("r  Callers"));
}

#[test]
fn a_disabled_command_says_why() {
    let (_folder, mut shell) = shop((100, 30));
    shell.press("9x");
    assert!(text(&mut shell).contains("Cancel: choose a run"));
}

#[test]
fn clicks_land_on_what_is_drawn() {
    let (_folder, mut shell) = shop((120, 40));
    assert!(shell.click(Hit::Tab(View::Schemas), Mouse::Click));
    assert_eq!(shell.model.view, View::Schemas);
    assert!(shell.click(Hit::Tab(View::Project), Mouse::Click));
    assert!(shell.click(Hit::Fold(1), Mouse::Click));
    assert!(text(&mut shell).contains("class Cart"));
    assert!(shell.click(Hit::Row(2), Mouse::Click));
    assert_eq!(shell.model.list().index, 2);
    assert!(shell.click(Hit::Row(2), Mouse::DoubleClick));
    assert_eq!(shell.model.view, View::Source);
    assert!(shell.click(Hit::Command("view.help"), Mouse::Click));
    assert_eq!(shell.model.view, View::Help);
}

#[test]
fn panes_are_resized_by_keys_and_by_dragging() {
    let (_folder, mut shell) = shop((120, 40));
    let before = shell.hits().area_of(Hit::Divider).unwrap().x;
    shell.press(">>");
    let wider = shell.hits().area_of(Hit::Divider).unwrap().x;
    assert!(wider > before);
    shell.click(Hit::Divider, Mouse::Click);
    shell.act(Action::Mouse(Mouse::Drag(60, 9), Hit::Nothing));
    shell.act(Action::Mouse(Mouse::Release, Hit::Nothing));
    assert_eq!(shell.hits().area_of(Hit::Divider).unwrap().x, 60);
    shell.press("=");
    assert_eq!(shell.hits().area_of(Hit::Divider).unwrap().x, before);
    shell.press("Z");
    assert!(shell.hits().area_of(Hit::Divider).is_none());
}

#[test]
fn copying_and_editing_ask_the_shell() {
    let (_folder, mut shell) = shop((120, 40));
    shell.show(View::Source, Some("shop.cart.helper"));
    shell.press("ypyne");
    let place = metascope::app::Place { file: "shop/cart.py".into(), line: 12 };
    let copy = |text: &str| Effect::Copy { text: text.into(), what: text.into() };
    assert_eq!(
        shell.asked,
        [copy("shop/cart.py:12"), copy("shop.cart.helper"), Effect::OpenEditor(place)]
    );
}

#[test]
fn quitting_asks_while_a_run_goes_on() {
    let (_folder, mut shell) = shop((120, 40));
    let request = metascope::model::RunRequest {
        task: "shop.cart.helper".into(),
        executor: Default::default(),
        input: serde_json::json!({"count": 1}),
        ..Default::default()
    };
    shell.act(Action::RunStarted { id: "r1".into(), request });
    assert_eq!(shell.model.view, View::Runs);
    let effects = update(&mut shell.model, Action::Command("app.leave"));
    assert!(!effects.contains(&Effect::Quit));
    assert!(text(&mut shell).contains("still going"));
    shell.press("<enter>");
    assert_eq!(shell.asked, [Effect::Quit]);
}

#[test]
fn every_command_can_run_in_every_view_without_harm() {
    let (_folder, mut shell) = shop((80, 24));
    for view in View::ALL {
        for command in metascope::app::command::table() {
            shell.show(view, None);
            shell.act(Action::Command(command.id));
            shell.press("<esc><esc><esc>");
        }
    }
}
