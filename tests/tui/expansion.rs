//! Macros expanded beside their text: levels, colours, steps, and the question before compiling.

use metascope::app::action::Effect;
use metascope::app::{Role, View};
use metascope::shell::headless::Headless;
use metascope::views::Theme;
use metascope::views::theme::Palette;

use super::support::{folder, open_path, text};

const LIB: &str = r#"//! Shapes.

macro_rules! count {
    () => { 0usize };
    ($head:tt $($tail:tt)*) => { 1usize + count!($($tail)*) };
}

macro_rules! shape {
    ($name:ident { $($field:ident),* }) => {
        pub struct $name { $($field: u32),* }
        impl $name {
            pub const FIELDS: usize = count!($($field)*);
            pub fn area(&self) -> u32 { 1 $(* self.$field)* }
        }
    };
}

shape!(Square { width, height });

pub fn both() -> (usize, usize) { (count!(a b), count!(c)) }

#[derive(Debug, Clone)]
pub struct Plain {
    pub name: String,
}
"#;

const MANIFEST: &str = "[package]\nname = \"shapes\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";

fn shell(line: u32, size: (u16, u16)) -> (tempfile::TempDir, Headless) {
    let folder = folder(&[("Cargo.toml", MANIFEST), ("src/lib.rs", LIB)]);
    let mut shell = open_path(folder.path(), size, Palette::Dark);
    assert!(shell.show(View::Source, Some(&format!("src/lib.rs:{line}"))));
    (folder, shell)
}

fn line_of(words: &str) -> u32 {
    LIB.lines().position(|line| line.contains(words)).unwrap() as u32 + 1
}

/// The frame without the folder's name, which differs from run to run.
fn frame(shell: &mut Headless) -> String {
    let lines = text(shell);
    lines.lines().skip(2).map(|line| line.trim_end().to_owned() + "\n").collect()
}

#[test]
fn a_call_is_expanded_level_by_level() {
    for size in [(80, 24), (120, 40)] {
        let (_folder, mut shell) = shell(line_of("shape!(Square"), size);
        shell.press("x");
        let name = |keys: &str| format!("expansion-{keys}-{}x{}", size.0, size.1);
        insta::assert_snapshot!(name("one"), frame(&mut shell));
        shell.press("+");
        insta::assert_snapshot!(name("two"), frame(&mut shell));
        shell.press("*");
        insta::assert_snapshot!(name("all"), frame(&mut shell));
        shell.press("--");
        assert!(frame(&mut shell).contains("level 2 of 4"), "{}", frame(&mut shell));
        shell.press("<esc>");
        assert!(!frame(&mut shell).contains("Expansion at"));
    }
}

#[test]
fn tokens_have_the_colour_of_the_macro_that_wrote_them() {
    let (_folder, mut shell) = shell(line_of("shape!(Square"), (120, 40));
    shell.press("x*");
    let theme = Theme::new(Palette::Dark);
    let buffer = shell.frame();
    let colour_of = |words: &str| {
        let found = (0..buffer.area.height).find_map(|y| {
            let row: Vec<&str> = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
            let at = row.concat().find(words)?;
            // Count cells, not bytes.
            let cells = row.concat()[..at].chars().count() as u16;
            Some(buffer[(cells, y)].fg)
        });
        found.unwrap_or_else(|| panic!("{words} is not on screen"))
    };
    let role = |role: Role| theme.style(role).fg.unwrap();
    assert_eq!(colour_of("const FIELDS"), role(Role::Macro1), "shape! wrote it");
    assert_eq!(colour_of("1usize + ("), role(Role::Macro2), "count! wrote it");
    assert_ne!(colour_of("Square {"), role(Role::Macro1), "the call wrote it");
}

#[test]
fn several_macros_of_a_line_are_taken_in_turn() {
    let (_folder, mut shell) = shell(line_of("pub fn both"), (120, 40));
    shell.press("x");
    assert!(frame(&mut shell).contains("1 of 2 on the line"), "{}", frame(&mut shell));
    assert!(frame(&mut shell).contains("count!(a b)"));
    shell.press("x");
    assert!(frame(&mut shell).contains("2 of 2 on the line"), "{}", frame(&mut shell));
    shell.press("x");
    assert!(frame(&mut shell).contains("1 of 2 on the line"));
}

#[test]
fn a_derive_needs_the_compiler_and_that_is_asked_about() {
    // On the definition under the derive.
    let (_folder, mut shell) = shell(line_of("pub struct Plain"), (120, 40));
    shell.press("x");
    let asked = frame(&mut shell);
    assert!(asked.contains("Let the compiler expand #[derive(Debug)] on Plain?"), "{asked}");
    assert!(shell.asked.is_empty(), "nothing is compiled before the answer");
    shell.press("<enter>");
    let compiled = |effect: &Effect| matches!(effect, Effect::Expand(request) if request.by_compiler && request.agreed);
    assert!(shell.asked.iter().any(compiled), "{:?}", shell.asked);
}

#[test]
fn a_line_without_macros_says_so() {
    let (_folder, mut shell) = shell(1, (120, 40));
    shell.press("x");
    let frame = frame(&mut shell);
    assert!(frame.contains("no macro call, derive or attribute stands there"), "{frame}");
    assert!(!frame.contains("Expansion at"));
}
