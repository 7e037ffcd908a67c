//! Parses the arguments, runs the command or the workbench, maps errors to exit codes.

use std::process::ExitCode;

fn main() -> ExitCode {
    metascope::cli::main()
}
