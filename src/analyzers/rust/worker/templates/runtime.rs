//! What every Rust worker does around its task: read the input, call, hand back the outcome.

mod block_on;
pub mod json;
pub mod shown;

pub use block_on::block_on;

use std::io::IsTerminal;
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs, io, panic};

/// What the adapter names, wherever it stands: its crate may be of any edition, or without `std`.
pub mod own {
    pub use std::option::Option;
    pub use std::path::PathBuf;
    pub use std::result::Result::{Err, Ok};
    pub use std::string::String;
    pub use std::vec::Vec;
}

/// Why there is no result.
pub enum Failure {
    Rejected { path: String, message: String },
    Error { type_: String, message: String, debug: Option<String> },
}

/// The input object; parameters are taken out of it.
pub struct Input {
    values: json::Object,
    called_at: f64,
    cpu_before: f64,
}

impl Input {
    /// All parameters are taken: the task is called next.
    pub fn finish(&mut self) -> Result<(), Failure> {
        if let Some(name) = self.values.left_over() {
            let path = pointer(&name);
            return Err(Failure::Rejected { path, message: "is not a parameter of the task".into() });
        }
        self.called_at = now();
        self.cpu_before = cpu_ms();
        Ok(())
    }

    /// One parameter; one that is absent is `null`, which an `Option` accepts.
    pub fn take<T: json::FromInput>(&mut self, name: &str) -> Result<T, Failure> {
        let taken = self.values.take(name);
        taken.map_err(|message| Failure::Rejected { path: pointer(name), message })
    }
}

fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

struct Panic {
    message: String,
    file: String,
    line: u32,
    trace: String,
}

static PANIC: Mutex<Option<Panic>> = Mutex::new(None);

/// Runs the task once and writes its outcome.
pub fn serve(call: impl FnOnce(&mut Input) -> Result<String, Failure>) {
    let (mut called_at, mut cpu_before) = (now(), 0.0);
    // On its own it reads what is piped in, or the file that is named.
    let text = match env::var_os("METASCOPE_INPUT").or_else(|| env::args_os().nth(1)) {
        Some(path) => fs::read_to_string(path).ok(),
        None if io::stdin().is_terminal() => None,
        None => io::read_to_string(io::stdin()).ok(),
    };
    let result = match json::Object::parse(text.as_deref().unwrap_or("")) {
        Err(message) => Ok(Err(Failure::Rejected { path: String::new(), message })),
        Ok(values) => {
            let mut input = Input { values, called_at, cpu_before };
            remember_panics();
            let result = panic::catch_unwind(AssertUnwindSafe(|| call(&mut input)));
            (called_at, cpu_before) = (input.called_at, input.cpu_before);
            result
        }
    };
    let what = match result {
        Ok(Ok(value)) => format!("\"status\":\"ok\",\"result\":{value}"),
        Ok(Err(Failure::Rejected { path, message })) => format!(
            "\"status\":\"rejected\",\"input_errors\":[{{\"path\":{},\"message\":{}}}]",
            quote(&path),
            quote(&message)
        ),
        Ok(Err(Failure::Error { type_, message, debug })) => format!(
            "\"status\":\"error\",\"error\":{{\"type\":{},\"message\":{},\"traceback\":{}}}",
            quote(&type_),
            quote(&message),
            debug.map_or("null".into(), |debug| quote(&debug))
        ),
        Err(_) => {
            let panic = PANIC.lock().ok().and_then(|mut panic| panic.take());
            match panic {
                Some(panic) => format!(
                    "\"status\":\"error\",\"error\":{{\"type\":\"panic\",\"message\":{},\
                     \"traceback\":{},\"file\":{},\"line\":{}}}",
                    quote(&panic.message),
                    quote(&panic.trace),
                    quote(&panic.file),
                    panic.line
                ),
                None => "\"status\":\"error\",\"error\":{\"type\":\"panic\",\"message\":\"\"}".into(),
            }
        }
    };
    let cpu = (cpu_ms() - cpu_before).max(0.0);
    let peak = peak_memory().map_or("null".into(), |bytes| bytes.to_string());
    let outcome = format!(
        "{{{what},\"called_at\":{called_at:.6},\"cpu_ms\":{cpu:.3},\"peak_memory_bytes\":{peak}}}"
    );
    if let Err(error) = write(&outcome) {
        eprintln!("the outcome cannot be written: {error}");
        std::process::exit(1);
    }
}

fn write(outcome: &str) -> io::Result<()> {
    let Ok(path) = env::var("METASCOPE_OUTPUT") else {
        println!("{outcome}");
        return Ok(());
    };
    let fresh = format!("{path}.tmp");
    fs::write(&fresh, outcome)?;
    fs::rename(fresh, path)
}

/// The first panic of any thread is told with the outcome; all are printed as usual.
fn remember_panics() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        usual(info);
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().map(|text| text.to_string());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        let (file, line) = info.location().map_or(("", 0), |at| (at.file(), at.line()));
        let panic = Panic {
            message: text.unwrap_or_else(|| "a value that is no text".into()),
            file: file.into(),
            line,
            trace: info.to_string(),
        };
        if let Ok(mut kept) = PANIC.lock() {
            *kept = Some(panic);
        }
    }));
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// Processor time of the threads that live, in milliseconds.
fn cpu_ms() -> f64 {
    let Ok(threads) = fs::read_dir("/proc/self/task") else { return 0.0 };
    let of_thread = |thread: fs::DirEntry| -> Option<f64> {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse().ok()
    };
    threads.flatten().filter_map(of_thread).sum::<f64>() / 1e6
}

fn peak_memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// A JSON string.
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if (c as u32) < 0x20 => quoted.push_str(&format!("\\u{:04x}", c as u32)),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
