//! What a test needs of the machine: where it is missing, the test says so and passes, except in
//! CI, where everything must be there.

use std::process::Command;

/// Says why a test is skipped; fails instead where everything must be there.
pub fn skip(why: &str) -> bool {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}, but CI=true");
    eprintln!("skipped: {why}");
    true
}

/// Whether a program cannot be run.
pub fn lacks(program: &str, argument: &str) -> bool {
    let found = Command::new(program).arg(argument).output();
    !found.is_ok_and(|output| output.status.success()) && skip(&format!("{program} is missing"))
}
