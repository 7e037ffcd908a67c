//! The program in a pseudo-terminal, seen through a terminal emulator.

use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    parser: Arc<Mutex<vt100::Parser>>,
    _home: tempfile::TempDir,
}

const PATIENCE: Duration = Duration::from_secs(20);
/// What needs a compiler or a container may take this long on a busy machine.
const LONG: Duration = Duration::from_secs(180);

impl Terminal {
    pub fn start(path: &Path, size: (u16, u16), environment: &[(&str, &str)]) -> Self {
        let (cols, rows) = size;
        let pair = native_pty_system()
            .openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 })
            .unwrap();
        let home = tempfile::tempdir().unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_metascope"));
        command.arg(path);
        command.arg("--no-cache");
        command.env_clear();
        for (name, value) in [
            ("TERM", "xterm-256color"),
            ("COLORFGBG", "15;0"),
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ] {
            command.env(name, value);
        }
        // Nothing of the user's own may be read or written.
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"]
        {
            command.env(name, home.path());
        }
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let parser = Arc::new(Mutex::new(vt100::Parser::new(cells(rows), cells(cols), 100)));
        let (mut reader, shown) = (pair.master.try_clone_reader().unwrap(), parser.clone());
        std::thread::spawn(move || {
            let mut bytes = [0; 8192];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                shown.lock().unwrap().process(&bytes[..count]);
            }
        });
        let writer = pair.master.take_writer().unwrap();
        Self { master: pair.master, child, writer, parser, _home: home }
    }

    pub fn send(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    pub fn resize(&mut self, cols: u16, rows: u16) {
        self.parser.lock().unwrap().screen_mut().set_size(cells(rows), cells(cols));
        self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    pub fn text(&self) -> String {
        self.parser.lock().unwrap().screen().contents()
    }

    /// Looks at the screen until `found` says something.
    pub fn until<T>(&self, what: &str, found: impl FnMut(&vt100::Screen) -> Option<T>) -> T {
        self.within(PATIENCE, what, found)
    }

    fn within<T>(
        &self,
        patience: Duration,
        what: &str,
        mut found: impl FnMut(&vt100::Screen) -> Option<T>,
    ) -> T {
        let start = Instant::now();
        loop {
            if let Some(value) = found(self.parser.lock().unwrap().screen()) {
                return value;
            }
            assert!(start.elapsed() < patience, "no {what} within {patience:?}:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn wait_for(&self, text: &str) {
        self.until(text, |screen| screen.contents().contains(text).then_some(()));
    }

    pub fn wait_for_long(&self, text: &str) {
        self.within(LONG, text, |screen| screen.contents().contains(text).then_some(()));
    }

    /// Waits for the end and hands back the exit code.
    pub fn exit_code(&mut self) -> u32 {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(start.elapsed() < PATIENCE, "it goes on:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Nothing of ours is left switched on.
    pub fn assert_given_back(&self) {
        self.until("terminal given back", |screen| {
            let whole = !screen.alternate_screen()
                && !screen.hide_cursor()
                && !screen.bracketed_paste()
                && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None;
            whole.then_some(())
        });
        let flags = self.master.get_termios().unwrap().local_flags;
        assert!(format!("{flags:?}").contains("ICANON"), "the line discipline is raw still");
    }
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap()
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
