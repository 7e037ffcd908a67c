//! The question whether a folder's code may run.

use std::io::IsTerminal;
use std::path::Path;

use super::CliError;
use crate::model::printable;
use crate::runner::trust;

/// A folder's code runs only once its user has said so.
pub fn ask(root: &Path, is_given: bool) -> Result<(), CliError> {
    if is_given {
        if let Err(error) = trust::trust(root) {
            eprintln!("metascope: the trust in this folder could not be remembered: {error}");
        }
        return Ok(());
    }
    if trust::is_trusted(root) {
        return Ok(());
    }
    let shown = root.display().to_string();
    let shown = printable(&shown);
    if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        eprint!("This executes code of {shown}. Trust this folder from now on? [y/N] ");
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        if matches!(answer.trim(), "y" | "Y" | "yes") {
            trust::trust(root)?;
            return Ok(());
        }
        return Err(CliError::Usage("not run: the folder is not trusted".into()));
    }
    Err(CliError::Usage(format!(
        "{shown} has not been run before: add --trust if you trust its code"
    )))
}
