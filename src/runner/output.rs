//! What a task prints: decoded, batched for the screen, and bounded in memory. The first and last
//! parts are kept; the whole, up to a cap, goes to a file once it no longer fits.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::model::RunEvent;

/// Kept from the start and from the end of a stream.
pub const HEAD: usize = 256 << 10;
pub const TAIL: usize = 256 << 10;
/// The most that is written to a stream's file.
pub const FILE_CAP: u64 = 64 << 20;
/// A batch is handed on when it is this large, or this old.
const BATCH: usize = 64 << 10;
const BATCH_AGE: Duration = Duration::from_millis(25);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    Stdout,
    Stderr,
}

/// Both streams of one run.
pub struct Output {
    stdout: Capture,
    stderr: Capture,
}

impl Output {
    /// Streams too long for memory are written to `<folder>/<run>.stdout` and `.stderr`.
    pub fn new(folder: PathBuf, run: &str) -> Self {
        let file = |name: &str| folder.join(format!("{run}.{name}"));
        Self { stdout: Capture::new(file("stdout")), stderr: Capture::new(file("stderr")) }
    }

    /// Takes bytes of one stream and hands on a batch when it is due.
    pub fn push(&mut self, stream: Stream, bytes: &[u8], emit: &dyn Fn(RunEvent)) {
        let capture = self.capture(stream);
        capture.push(bytes);
        if capture.pending.len() >= BATCH {
            capture.flush(stream, emit);
        }
    }

    /// Hands on what has waited long enough.
    pub fn tick(&mut self, emit: &dyn Fn(RunEvent)) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let capture = self.capture(stream);
            if capture.since.is_some_and(|since| since.elapsed() >= BATCH_AGE) {
                capture.flush(stream, emit);
            }
        }
    }

    /// Hands on the rest and returns what is recorded of stdout and stderr.
    pub fn finish(mut self, emit: &dyn Fn(RunEvent)) -> (String, String) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let capture = self.capture(stream);
            capture
                .pending
                .push_str(&String::from_utf8_lossy(&std::mem::take(&mut capture.partial)));
            capture.flush(stream, emit);
        }
        (self.stdout.text(), self.stderr.text())
    }

    fn capture(&mut self, stream: Stream) -> &mut Capture {
        match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        }
    }
}

struct Capture {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    total: u64,
    /// An unfinished UTF-8 sequence.
    partial: Vec<u8>,
    pending: String,
    since: Option<Instant>,
    path: PathBuf,
    spill: Spill,
}

enum Spill {
    Unneeded,
    Open(File, u64),
    /// The file could not be made or written, or has reached its cap.
    Closed,
}

impl Capture {
    fn new(path: PathBuf) -> Self {
        Self {
            head: Vec::new(),
            tail: VecDeque::new(),
            total: 0,
            partial: Vec::new(),
            pending: String::new(),
            since: None,
            path,
            spill: Spill::Unneeded,
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        self.decode(bytes);
        let room = HEAD - self.head.len().min(HEAD);
        let (first, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(first);
        if rest.is_empty() {
            return;
        }
        let is_too_long = self.tail.len() + rest.len() > TAIL;
        if is_too_long || !matches!(self.spill, Spill::Unneeded) {
            self.write_file(rest);
        }
        let rest = &rest[rest.len().saturating_sub(TAIL)..];
        let excess = (self.tail.len() + rest.len()).saturating_sub(TAIL);
        self.tail.drain(..excess);
        self.tail.extend(rest);
    }

    /// Opens the file with all that was kept so far, then appends.
    fn write_file(&mut self, bytes: &[u8]) {
        if matches!(self.spill, Spill::Unneeded) {
            let made = self.path.parent().map_or(Ok(()), super::paths::create_private);
            let opened = made.and_then(|()| {
                let mut file = File::create(&self.path)?;
                file.write_all(&self.head)?;
                let (front, back) = self.tail.as_slices();
                file.write_all(front)?;
                file.write_all(back)?;
                Ok(file)
            });
            let kept = (self.head.len() + self.tail.len()) as u64;
            self.spill = opened.map_or(Spill::Closed, |file| Spill::Open(file, kept));
        }
        if let Spill::Open(file, written) = &mut self.spill {
            let room = FILE_CAP.saturating_sub(*written).min(bytes.len() as u64);
            let part = &bytes[..room as usize];
            *written += room;
            if file.write_all(part).is_err() || room < bytes.len() as u64 {
                self.spill = Spill::Closed;
            }
        }
    }

    fn decode(&mut self, bytes: &[u8]) {
        let joined;
        let bytes = if self.partial.is_empty() {
            bytes
        } else {
            self.partial.extend_from_slice(bytes);
            joined = std::mem::take(&mut self.partial);
            &joined
        };
        let whole = bytes.len() - unfinished(bytes);
        self.pending.push_str(&String::from_utf8_lossy(&bytes[..whole]));
        self.partial = bytes[whole..].to_vec();
        self.since.get_or_insert_with(Instant::now);
    }

    fn flush(&mut self, stream: Stream, emit: &dyn Fn(RunEvent)) {
        self.since = None;
        if self.pending.is_empty() {
            return;
        }
        let text = std::mem::take(&mut self.pending);
        emit(match stream {
            Stream::Stdout => RunEvent::Stdout(text),
            Stream::Stderr => RunEvent::Stderr(text),
        });
    }

    fn text(&self) -> String {
        let tail: Vec<u8> = self.tail.iter().copied().collect();
        let left_out = self.total - (self.head.len() + tail.len()) as u64;
        if left_out == 0 {
            let whole = [self.head.as_slice(), &tail].concat();
            return String::from_utf8_lossy(&whole).into_owned();
        }
        let head = &self.head[..self.head.len() - unfinished(&self.head)];
        let start = tail.iter().take(4).take_while(|byte| **byte & 0xC0 == 0x80).count();
        format!(
            "{}\n… {left_out} bytes left out …\n{}",
            String::from_utf8_lossy(head),
            String::from_utf8_lossy(&tail[start..])
        )
    }
}

/// How many bytes at the end begin a character that has not arrived whole.
fn unfinished(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let byte = bytes[bytes.len() - back];
        let needs = match byte {
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF7 => 4,
            0x80..=0xBF => continue,
            _ => return 0,
        };
        return if back < needs { back } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn characters_cut_by_a_read_arrive_whole() {
        let seen = RefCell::new(String::new());
        let emit = |event| match event {
            RunEvent::Stdout(text) => seen.borrow_mut().push_str(&text),
            other => panic!("unexpected {other:?}"),
        };
        let folder = tempfile::tempdir().unwrap();
        let mut output = Output::new(folder.path().into(), "r");
        for byte in "aé€🦀\n".bytes() {
            output.push(Stream::Stdout, &[byte], &emit);
        }
        output.push(Stream::Stdout, b"\xff!\xe2\x82", &emit);
        let (stdout, stderr) = output.finish(&emit);
        assert_eq!(stdout, "aé€🦀\n\u{fffd}!\u{fffd}");
        assert_eq!((seen.into_inner(), stderr), (stdout, String::new()));
    }

    #[test]
    fn a_flood_keeps_head_tail_and_a_capped_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut output = Output::new(folder.path().into(), "r");
        let line = [b"0123456789abcde\n".as_slice(); 4096].concat();
        output.push(Stream::Stdout, b"first\n", &|_| {});
        let rounds = FILE_CAP as usize / line.len() + 8;
        for _ in 0..rounds {
            output.push(Stream::Stdout, &line, &|_| {});
        }
        output.push(Stream::Stdout, b"last\n", &|_| {});
        let (text, _) = output.finish(&|_| {});
        assert!(text.starts_with("first\n") && text.ends_with("last\n"));
        assert!(text.contains("bytes left out") && text.len() < HEAD + TAIL + 100);
        let file = std::fs::metadata(folder.path().join("r.stdout")).unwrap();
        assert_eq!(file.len(), FILE_CAP);
    }
}
