//! A run on the command line: what it prints passes through, signals cancel it.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::model::{NodeRun, NodeState, RunEvent, RunId, printable};

/// What to do with a run's events: output goes where it belongs; progress is shown to people.
pub fn printer(is_json: bool) -> impl Fn(&RunId, RunEvent) + Send + Sync + 'static {
    let shows_progress = std::io::stderr().is_terminal() && !is_json;
    let is_open = AtomicBool::new(true);
    move |_, event| match event {
        RunEvent::Stdout(text) if !is_json => {
            let mut out = std::io::stdout().lock();
            let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            // A reader that went away does not stop the task.
            is_open.fetch_and(written.is_ok(), Ordering::Relaxed);
        }
        RunEvent::Stderr(text) if !is_json => {
            let _ = std::io::stderr().lock().write_all(text.as_bytes());
        }
        RunEvent::Node(id, node) if !is_json => {
            if let Some(text) = node_line(&id, &node) {
                eprintln!("metascope: {}", printable(&text));
            }
        }
        RunEvent::Progress(text) if shows_progress || text.contains("could not be written") => {
            eprintln!("metascope: {}", printable(&text));
        }
        _ => {}
    }
}

/// A task call of a workflow that came to its end, in one line.
fn node_line(id: &str, node: &NodeRun) -> Option<String> {
    let state = node.state.as_str();
    Some(match (&node.reason, &node.error) {
        _ if matches!(node.state, NodeState::Pending | NodeState::Running) => return None,
        (Some(reason), _) => format!("{id}: {state} ({reason})"),
        (None, Some(error)) => format!("{id}: {state}: {}: {}", error.type_, error.message),
        (None, None) => format!("{id}: {state}"),
    })
}

/// The first Ctrl-C or SIGTERM asks the run to end; a third one no longer waits for it.
pub fn cancel_on_signals(cancel: impl Fn() + Send + 'static) {
    use tokio::signal::unix::{SignalKind, signal};
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) = (
                signal(SignalKind::interrupt()),
                signal(SignalKind::terminate()),
                signal(SignalKind::hangup()),
            ) else {
                return;
            };
            for asked in 1.. {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    _ = hangup.recv() => {}
                }
                cancel();
                if asked == 3 {
                    // The watchdog ends what is left.
                    std::process::exit(130);
                }
            }
        });
    });
}
