//! Calls that cannot be answered: the exit code says whose fault, the message what to do.

use super::{metascope, stderr, stdout};

#[track_caller]
fn refused(arguments: &[&str], code: i32, message: &str) {
    let output = metascope(arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
    assert!(stderr(&output).contains(message), "{arguments:?}: {}", stderr(&output));
    assert_eq!(stdout(&output), "", "{arguments:?}: nothing but JSON goes to stdout");
}

#[test]
fn what_is_not_there_cannot_be_read() {
    refused(&["scan", "no/such/folder"], 3, "no such file or folder");
    refused(&["calls", "Cargo.toml"], 3, "not a Python or Rust source file");
}

#[test]
fn wrong_calls_say_what_is_offered() {
    refused(&["scan", "samples", "--format", "svg"], 2, "use one of: json, table");
    refused(&["calls", "samples", "--focus", "nobody"], 2, "nobody");
    refused(&["explain", "samples", "nobody"], 2, "nothing here is called nobody");
    refused(&["patterns", "show", "lost-signatur"], 2, "lost-signature");
    refused(&["scan", "--nonsense"], 2, "--nonsense");
}

#[test]
fn a_broken_pipe_is_no_error() {
    use std::io::Read;
    use std::process::{Command, Stdio};
    let mut child = Command::new(env!("CARGO_BIN_EXE_metascope"))
        .args(["calls", "samples", "--format", "full", "--no-cache"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0u8; 1];
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut first).unwrap();
    drop(out);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
}

#[test]
fn help_shows_commands_and_exit_codes() {
    let help = stdout(&metascope(&["--help"]));
    for word in ["scan", "registries", "calls", "run", "patterns", "Exit codes", "Examples"] {
        assert!(help.contains(word), "no {word} in:\n{help}");
    }
    assert!(stdout(&metascope(&["--version"])).starts_with("metascope "));
}
