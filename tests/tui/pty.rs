//! Runs in a real terminal: start, resize, mouse, suspend, panic, signals, editor, quit.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

use super::support::{folder, root};
use super::terminal::Terminal;

fn start(size: (u16, u16), environment: &[(&str, &str)]) -> Terminal {
    let terminal = Terminal::start(&root().join("tests/fixtures/shop"), size, environment);
    terminal.wait_for("cart.py");
    terminal
}

fn signal(terminal: &Terminal, signal: Signal) {
    let pid = Pid::from_raw(terminal.pid() as i32).unwrap();
    kill_process(pid, signal).unwrap();
}

/// A left click as terminals report it; column and row from 0.
fn click(column: u16, row: u16) -> String {
    format!("\x1b[<0;{0};{1}M\x1b[<0;{0};{1}m", column + 1, row + 1)
}

#[test]
fn it_starts_follows_the_size_and_quits() {
    let mut terminal = start((80, 24), &[]);
    terminal.until("modes", |screen| {
        let ours = screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste();
        ours.then_some(())
    });
    terminal.wait_for("1 Proj");
    terminal.resize(120, 40);
    terminal.wait_for("D Diagnostics");
    terminal.resize(50, 12);
    terminal.wait_for("needs 60×16");
    terminal.resize(100, 30);
    terminal.wait_for("cart.py");
    terminal.send("?");
    terminal.wait_for("Every command there is");
    terminal.send("q");
    terminal.until("project view", |s| (!s.contents().contains("Every command")).then_some(()));
    terminal.send("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_given_back();
}

#[test]
fn the_mouse_works_and_its_reports_stop_at_the_end() {
    let mut terminal = start((120, 40), &[]);
    let column = terminal.until("tabs", |screen| {
        let tabs = screen.contents().lines().next()?.to_owned();
        Some(tabs[..tabs.find("4 Schemas")?].chars().count() as u16)
    });
    terminal.send(&click(column + 3, 0));
    terminal.wait_for("─ Schemas");
    terminal.send(&click(1, 0));
    terminal.wait_for("─ Project");
    terminal.send("\x03");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_given_back();
}

#[test]
fn suspending_hands_the_terminal_back_and_resuming_takes_it_again() {
    let mut terminal = start((100, 30), &[]);
    terminal.send("\x1a");
    terminal.assert_given_back();
    let stat = format!("/proc/{}/stat", terminal.pid());
    terminal.until("stopped process", |_| {
        std::fs::read_to_string(&stat).ok()?.contains(") T ").then_some(())
    });
    signal(&terminal, Signal::CONT);
    terminal.until("screen", |s| {
        (s.alternate_screen() && s.contents().contains("cart.py")).then_some(())
    });
    terminal.send("j");
    terminal.send("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_given_back();
}

#[test]
fn a_panic_leaves_the_terminal_whole() {
    let mut terminal = start((100, 30), &[("METASCOPE_TEST_PANIC", "1")]);
    terminal.send("j");
    assert_ne!(terminal.exit_code(), 0);
    terminal.assert_given_back();
    terminal.wait_for("a panic was asked for");
}

#[test]
fn signals_end_it_tidily() {
    for ending in [Signal::TERM, Signal::HUP] {
        let mut terminal = start((100, 30), &[]);
        signal(&terminal, ending);
        terminal.exit_code();
        terminal.assert_given_back();
    }
}

#[test]
fn the_editor_gets_the_terminal_and_the_line() {
    let place = folder(&[(
        "editor.sh",
        "#!/bin/sh\necho \"$@\" > \"$OUT\"\nread line\necho \"$line\" >> \"$OUT\"\n",
    )]);
    let (editor, out) = (place.path().join("editor.sh"), place.path().join("out"));
    std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o755)).unwrap();
    let vim = place.path().join("vim");
    std::fs::rename(&editor, &vim).unwrap();
    let mut terminal =
        start((100, 30), &[("EDITOR", vim.to_str().unwrap()), ("OUT", out.to_str().unwrap())]);
    // The palette leads to the function; then the editor opens there.
    terminal.send("@half_price");
    terminal.wait_for("shop.cart.half_price");
    terminal.send("\r");
    terminal.wait_for("cart.py:36");
    terminal.send("e");
    terminal.until("editor", |screen| (!screen.alternate_screen()).then_some(()));
    let wait = |what: &str| {
        terminal.until(what, |_| std::fs::read_to_string(&out).ok().filter(|t| t.contains(what)))
    };
    wait("+36");
    // What is typed now belongs to the editor, all of it.
    let mut terminal = terminal;
    terminal.send("qqq\n");
    terminal
        .until("typed line", |_| std::fs::read_to_string(&out).ok().filter(|t| t.contains("qqq")));
    terminal.until("screen", |s| {
        (s.alternate_screen() && s.contents().contains("cart.py:36")).then_some(())
    });
    terminal.send("\x03");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_given_back();
}

#[test]
fn a_save_is_followed_without_a_key() {
    let place = folder(&[("one.py", "def first(): pass\n")]);
    let mut terminal = Terminal::start(place.path(), (100, 30), &[]);
    terminal.wait_for("one.py");
    terminal.send("zR");
    terminal.wait_for("fn first()");
    let aside = place.path().join("one.py~");
    std::fs::write(&aside, "def first(): pass\ndef second(): pass\n").unwrap();
    std::fs::rename(&aside, place.path().join("one.py")).unwrap();
    terminal.wait_for("fn second()");
    terminal.send("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn the_configuration_is_followed() {
    let place = folder(&[("metascope/config.toml", "mouse = true\n")]);
    let mut terminal = start((100, 30), &[("XDG_CONFIG_HOME", place.path().to_str().unwrap())]);
    let file = place.path().join("metascope/config.toml");
    std::fs::write(&file, "mouse = true\n[keys]\n\"view.help\" = [\"ctrl-g\"]\n").unwrap();
    terminal.wait_for("read again");
    terminal.send("\x07");
    terminal.wait_for("Every command there is");
    std::fs::write(&file, "mouse = maybe\n").unwrap();
    terminal.wait_for("config.toml: ");
}

#[test]
fn without_colour_the_selected_row_is_reversed() {
    let terminal = start((100, 30), &[("NO_COLOR", "1")]);
    terminal.until("reversed cell", |screen| {
        let cell = screen.cell(3, 5)?;
        (cell.inverse() && cell.fgcolor() == vt100::Color::Default).then_some(())
    });
}

#[test]
fn a_wrong_path_is_told_before_the_screen_is_taken() {
    let mut terminal = Terminal::start(Path::new("/no/such/folder"), (100, 30), &[]);
    assert_eq!(terminal.exit_code(), 3);
    terminal.wait_for("/no/such/folder");
    terminal.assert_given_back();
}
