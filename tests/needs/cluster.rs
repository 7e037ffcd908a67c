//! A Swarm for a test.

use std::process::Command;

use crate::needs::skip;

/// A Swarm of one node; left again at the end, also of a failing test. `None` where the engine is
/// in one already, or cannot be.
pub struct Swarm;

impl Swarm {
    pub fn init() -> Option<Self> {
        let made = Command::new("docker")
            .args(["swarm", "init", "--advertise-addr", "127.0.0.1"])
            .output()
            .expect("docker");
        if !made.status.success() {
            skip(&format!("no Swarm: {}", String::from_utf8_lossy(&made.stderr)));
        }
        made.status.success().then_some(Self)
    }
}

impl Drop for Swarm {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["swarm", "leave", "--force"]).output();
    }
}
