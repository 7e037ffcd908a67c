//! Runs on real processes, real Docker and real cargo: every executor with every outcome, and
//! nothing left behind. What a machine lacks is skipped with a message, or fails when `CI=true`.

#[path = "needs/cluster.rs"]
mod cluster;
#[path = "runs/command.rs"]
mod command;
#[path = "runs/docker.rs"]
mod docker;
#[path = "runs/faults.rs"]
mod faults;
#[path = "runs/journal.rs"]
mod journal;
#[path = "needs/mod.rs"]
mod needs;
#[path = "runs/proxy.rs"]
mod proxy;
#[path = "runs/rust.rs"]
mod rust;
#[path = "runs/support.rs"]
mod support;
#[path = "runs/swarm.rs"]
mod swarm;
#[path = "runs/sweeps.rs"]
mod sweeps;
#[path = "runs/thread.rs"]
mod thread;
#[path = "runs/workflows.rs"]
mod workflows;
