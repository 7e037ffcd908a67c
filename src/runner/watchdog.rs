//! A tiny shell that outlives a killed workbench just long enough to end its workers.
//!
//! It blocks on a pipe whose other end only the workbench holds. When the workbench dies without
//! saying goodbye the pipe closes, and the shell kills every process that carries the workbench's
//! mark and removes its temp dir. A workbench that leaves in good order tells it to go.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::owner;

const SCRIPT: &str = r#"
trap '' HUP INT TERM
while read -r word; do [ "$word" = bye ] && exit 0; done
for round in 1 2 3 4 5; do
    found=
    for file in $(grep -lasF "METASCOPE_OWNER=$1" /proc/[0-9]*/environ 2>/dev/null); do
        pid=${file#/proc/}; pid=${pid%/environ}
        kill -9 "$pid" 2>/dev/null && found=1
    done
    [ -n "$found" ] || break
done
rm -rf -- "$2"
"#;

/// Held for as long as this workbench may have workers.
pub struct Watchdog {
    shell: Child,
}

impl Watchdog {
    /// `None` without a POSIX shell: leftovers are then reaped at the next start.
    pub fn start(temp_dir: &Path) -> Option<Self> {
        let shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "metascope-watchdog", owner::token()])
            .arg(temp_dir)
            .current_dir("/")
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        match shell {
            Ok(shell) => Some(Self { shell }),
            Err(error) => {
                tracing::warn!("no watchdog: {error}");
                None
            }
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if let Some(mut pipe) = self.shell.stdin.take() {
            let _ = pipe.write_all(b"bye\n");
        }
        let _ = self.shell.wait();
    }
}
