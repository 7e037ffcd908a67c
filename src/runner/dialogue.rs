//! A program spoken to line by line, in a process group of its own that ends with the dialogue.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use super::procs;
use super::settings::Settings;
use super::thread::pool::{self, Started};

/// The last bytes of its standard error that are kept, to say why it ended.
const COMPLAINT: usize = 2_000;

/// What the program said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Line(String),
    /// It ended, with the end of what it wrote to its standard error.
    Ended(String),
}

/// A running program. Dropping it ends the program and everything that it started.
pub struct Dialogue {
    input: Sender<String>,
    /// `None` once it ended.
    program: Arc<Mutex<Option<Started>>>,
}

impl Dialogue {
    /// Starts Python `code` in `folder` with the environment that workers have. `on` is called on a
    /// thread of its own; [`Said::Ended`] comes last, once.
    pub fn start(
        python: &Path,
        code: &str,
        folder: &Path,
        mut on: impl FnMut(Said) + Send + 'static,
    ) -> io::Result<Self> {
        let (settings, _) = Settings::load();
        let mut command = Command::new(python);
        command.args(["-c", code]).current_dir(folder);
        command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONIOENCODING", "utf-8");
        let mut started = pool::start(command, &settings, Stdio::piped())?;
        let (stdin, stdout) = (started.child.stdin.take(), started.child.stdout.take());
        let stderr = started.child.stderr.take();
        let (input, lines) = mpsc::channel::<String>();
        // Whoever sends never waits for a program that does not read.
        std::thread::spawn(move || {
            let Some(mut stdin) = stdin else { return };
            for line in lines {
                if writeln!(stdin, "{line}").and_then(|()| stdin.flush()).is_err() {
                    return;
                }
            }
        });
        let program = Arc::new(Mutex::new(Some(started)));
        let (complaint, complaints) = mpsc::channel();
        std::thread::spawn(move || complaint.send(stderr.map(tail).unwrap_or_default()));
        let ended = program.clone();
        std::thread::spawn(move || {
            for line in stdout.map(BufReader::new).into_iter().flat_map(BufRead::lines) {
                match line {
                    Ok(line) => on(Said::Line(line)),
                    Err(_) => break,
                }
            }
            end(&ended);
            on(Said::Ended(complaints.recv().unwrap_or_default()));
        });
        Ok(Self { input, program })
    }

    /// Sends one line; a program that has ended does not hear it.
    pub fn say(&self, line: impl Into<String>) {
        let _ = self.input.send(line.into());
    }
}

impl Drop for Dialogue {
    fn drop(&mut self) {
        end(&self.program);
    }
}

/// Ends a program with its descendants, once.
fn end(program: &Mutex<Option<Started>>) {
    let started = program.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(mut started) = started {
        procs::kill_worker(started.child.id(), &started.token);
        let _ = started.child.wait();
    }
}

/// Reads to the end and keeps the last part.
fn tail(mut stream: impl Read) -> String {
    let (mut kept, mut chunk) = (Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = stream.read(&mut chunk) {
        kept.extend_from_slice(&chunk[..count]);
        if kept.len() > 2 * COMPLAINT {
            kept.drain(..kept.len() - COMPLAINT);
        }
    }
    String::from_utf8_lossy(&kept).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn start(code: &str) -> Option<(Dialogue, mpsc::Receiver<Said>)> {
        let (sender, said) = mpsc::channel();
        let on = move |what| drop(sender.send(what));
        match Dialogue::start(Path::new("python3"), code, Path::new("/"), on) {
            Ok(dialogue) => Some((dialogue, said)),
            Err(error) => {
                eprintln!("SKIPPED: python3 cannot be started: {error}");
                None
            }
        }
    }

    const PATIENCE: Duration = Duration::from_secs(20);

    #[test]
    fn lines_go_both_ways_and_the_end_says_why() {
        let code = "import sys\nfor line in sys.stdin:\n    print(line.strip() + '!', flush=True)\n    \
                    if line == 'no\\n': sys.exit('enough')";
        let Some((dialogue, said)) = start(code) else { return };
        dialogue.say("a");
        assert_eq!(said.recv_timeout(PATIENCE), Ok(Said::Line("a!".into())));
        dialogue.say("no");
        assert_eq!(said.recv_timeout(PATIENCE), Ok(Said::Line("no!".into())));
        assert_eq!(said.recv_timeout(PATIENCE), Ok(Said::Ended("enough".into())));
    }

    #[test]
    fn dropping_it_ends_what_it_started_too() {
        let code = "import subprocess, time\nchild = subprocess.Popen(['sleep', '300'])\n\
                    print(child.pid, flush=True)\ntime.sleep(300)";
        let Some((dialogue, said)) = start(code) else { return };
        let Ok(Said::Line(child)) = said.recv_timeout(PATIENCE) else { panic!("no line came") };
        let is_there = || {
            let status = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
            !status.is_empty() && !status.contains(") Z ")
        };
        assert!(is_there());
        drop(dialogue);
        let deadline = std::time::Instant::now() + PATIENCE;
        while is_there() {
            assert!(std::time::Instant::now() < deadline, "{child} still runs");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
