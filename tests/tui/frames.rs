//! Frames of every view at three sizes, in every theme, and on names that are not ASCII.

use metascope::app::View;
use metascope::views::print;
use metascope::views::theme::Palette;
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use super::support::{folder, open, open_path, root, text};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

#[test]
fn every_view_fills_its_frame_at_every_size() {
    for size in SIZES {
        let mut shell = open("samples", size);
        for view in View::ALL {
            shell.show(view, None);
            let frame = text(&mut shell);
            assert_eq!(frame.lines().count(), size.1 as usize, "{view:?}");
            for line in frame.lines() {
                assert!(line.width() <= size.0 as usize, "{view:?} at {size:?}: {line}");
            }
            let tabs = frame.lines().next().unwrap();
            let title = if size.0 < 100 { view.short_title() } else { view.title() };
            // Help has no key of its own among the digits: its tab is the first to be cut.
            assert!(view == View::Help || tabs.contains(title), "{view:?} at {size:?}: {tabs}");
            assert!(tabs.contains("D Diag"), "the last tab is cut at {size:?}: {tabs}");
            let footer = frame.lines().last().unwrap();
            assert!(footer.starts_with("? Help"), "{view:?} at {size:?}: {footer}");
        }
    }
}

#[test]
fn a_window_that_is_too_small_says_so() {
    let mut shell = open("samples", (50, 12));
    let frame = text(&mut shell);
    assert!(frame.contains("needs 60×16") && frame.contains("50×12"), "{frame}");
    for (width, height) in [(1, 1), (4, 2), (59, 16), (60, 15), (60, 16), (99, 16), (160, 16)] {
        open("samples", (width, height)).frame();
    }
}

#[test]
fn without_colour_the_selection_is_still_seen() {
    let mut shell = open_path(&root().join("samples"), (120, 40), Palette::None);
    for view in View::ALL {
        shell.show(view, None);
        let frame = shell.frame();
        let coloured =
            |cell: &&ratatui::buffer::Cell| cell.fg != Color::Reset || cell.bg != Color::Reset;
        assert!(!frame.content().iter().any(|cell| coloured(&cell)), "{view:?}");
    }
    shell.show(View::Project, None);
    let frame = shell.frame();
    assert!(frame[(5, 3)].modifier.contains(Modifier::REVERSED));
}

#[test]
fn light_and_dark_differ_only_in_colour() {
    let mut dark = open_path(&root().join("samples"), (120, 40), Palette::Dark);
    let mut light = open_path(&root().join("samples"), (120, 40), Palette::Light);
    for view in View::ALL {
        dark.show(view, None);
        light.show(view, None);
        assert_eq!(text(&mut dark), text(&mut light));
        assert_ne!(print::ansi(&dark.frame()), print::ansi(&light.frame()));
    }
}

#[test]
fn wide_names_keep_their_columns() {
    let name = "とても長い名前のモジュール";
    let files = [(
        format!("{name}.py"),
        format!("def {name}(引数: int) -> str:\n    return '漢字' * 引数\n"),
    )];
    let files: Vec<(&str, &str)> = files.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    let folder = folder(&files);
    for size in SIZES {
        let mut shell = open_path(folder.path(), size, Palette::Dark);
        shell.press("zR");
        for view in View::ALL {
            shell.show(view, None);
            for line in text(&mut shell).lines() {
                assert!(line.width() <= size.0 as usize, "{view:?} at {size:?}: {line}");
            }
        }
        shell.show(View::Source, None);
        assert!(text(&mut shell).contains("return '漢字' * 引数"));
    }
}

#[test]
fn hostile_files_reach_the_screen_harmless() {
    let files = [("evil.py", "x = '\x1b[2J\x07'  # \u{202e}desrever\ndef f(): pass\n")];
    let folder = folder(&files);
    let mut shell = open_path(folder.path(), (120, 40), Palette::Dark);
    for view in View::ALL {
        shell.show(view, None);
        let frame = text(&mut shell);
        assert!(!frame.contains(['\x1b', '\x07', '\u{202e}']), "{view:?}");
    }
    shell.show(View::Source, None);
    assert!(text(&mut shell).contains("␛[2J␇"));
}

#[test]
fn an_empty_folder_teaches() {
    let folder = folder(&[("notes.txt", "nothing to see")]);
    let mut shell = open_path(folder.path(), (200, 60), Palette::Dark);
    for (view, words) in [
        (View::Project, "No Python or Rust file was found here."),
        (View::Tasks, "No task was found."),
        (View::Runs, "Nothing has been run yet."),
        (View::Diagnostics, "Nothing is wrong with any file."),
    ] {
        shell.show(view, None);
        let frame = text(&mut shell);
        assert!(frame.contains(words), "{view:?}: {frame}");
    }
}

#[test]
fn core_views_look_as_they_did() {
    // A project of its own: the samples grow, this does not.
    for (width, height) in SIZES {
        let mut shell = open("tests/fixtures/shop", (width, height));
        for view in
            [View::Project, View::Source, View::Tasks, View::Runs, View::Diagnostics, View::Help]
        {
            shell.show(view, None);
            if view == View::Project {
                shell.press("zRjj");
            }
            insta::assert_snapshot!(format!("{}-{width}x{height}", view.name()), text(&mut shell));
        }
    }
}
