//! Opening a file in the user's editor, at a line.

use std::path::Path;
use std::process::Command;

/// The editor's command line for a file and line. `editor` may carry arguments, quoted or not.
pub fn command(editor: &str, file: &Path, line: u32) -> Option<Command> {
    let words = words(editor);
    let (program, arguments) = words.split_first()?;
    let mut command = Command::new(program);
    command.args(arguments);
    let name = Path::new(program).file_stem()?.to_string_lossy().into_owned();
    let place = format!("{}:{line}", file.display());
    match name.as_str() {
        "hx" | "helix" | "zed" | "subl" | "sublime_text" | "micro" => command.arg(place),
        "code" | "code-insiders" | "codium" | "cursor" | "windsurf" => {
            command.args(["--wait", "--goto"]).arg(place)
        }
        "idea" | "pycharm" | "rustrover" => command.args(["--line", &line.to_string()]).arg(file),
        "vi" | "vim" | "nvim" | "nano" | "emacs" | "emacsclient" | "kak" | "joe" | "mg" | "ne"
        | "jed" | "kakoune" | "view" => command.arg(format!("+{line}")).arg(file),
        _ => command.arg(file),
    };
    Some(command)
}

/// The editor to use: the configured one, `$VISUAL`, `$EDITOR`, else the first that is installed.
pub fn choose(configured: Option<&str>) -> Option<String> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let configured = configured.map(str::to_owned);
    configured.or_else(|| variable("VISUAL")).or_else(|| variable("EDITOR")).or_else(|| {
        let path = std::env::var_os("PATH")?;
        let installed =
            |name: &&str| std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
        ["hx", "nvim", "vim", "vi", "nano"].into_iter().find(installed).map(str::to_owned)
    })
}

/// Words of a command line; quotes keep words together.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in line.chars() {
        match (quote, character) {
            (Some(open), character) if character == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, character) if character.is_whitespace() => words.extend(word.take()),
            (_, character) => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(editor: &str) -> Vec<String> {
        let command = command(editor, Path::new("a b.py"), 7).unwrap();
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        words.map(|word| word.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn each_editor_gets_the_line_in_its_own_way() {
        assert_eq!(line("vim"), ["vim", "+7", "a b.py"]);
        assert_eq!(line("/usr/bin/hx"), ["/usr/bin/hx", "a b.py:7"]);
        assert_eq!(line("code -n"), ["code", "-n", "--wait", "--goto", "a b.py:7"]);
        assert_eq!(line("'my editor' --x"), ["my editor", "--x", "a b.py"]);
    }
}
