//! The one way to the terminal: collects a frame and writes it at once.
//!
//! After the screen was handed back (panic, suspend, quit) what is still collected is dropped, so
//! that no half frame lands in the user's shell.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the screen is ours.
pub static ACTIVE: AtomicBool = AtomicBool::new(false);

#[derive(Debug, Default)]
pub struct FrameWriter {
    collected: Vec<u8>,
}

impl Write for FrameWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.collected.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if ACTIVE.load(Ordering::SeqCst) && !self.collected.is_empty() {
            let mut stdout = io::stdout().lock();
            stdout.write_all(&self.collected)?;
            stdout.flush()?;
        }
        self.collected.clear();
        Ok(())
    }
}
