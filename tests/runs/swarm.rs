//! The swarm executor on an engine that is made a manager for as long as the test takes.

use std::process::Command;

use metascope::model::{ExecutorKind, RunStatus};
use serde_json::json;

use crate::cluster::Swarm;
use crate::support::{job, lacks_image, run, runner, sandbox};

const SWARM: ExecutorKind = ExecutorKind::Swarm;

fn left(what: &str, filter: &[&str]) -> String {
    let mut docker = Command::new("docker");
    let listed = docker.args([what, "ls", "-q"]).args(filter).output().expect("docker");
    String::from_utf8_lossy(&listed.stdout).trim().to_owned()
}

#[test]
fn jobs_end_as_containers_do_and_leave_nothing() {
    sandbox();
    if lacks_image() {
        return;
    }
    let runner = runner();
    let refused = run(&runner, job(SWARM, "return 1", json!({})));
    assert!(refused.error.is_some_and(|error| error.message.contains("swarm init")));
    let Some(_swarm) = Swarm::init() else { return };

    let body = "print('out: é')\nprint('err', file=sys.stderr)\nreturn given['x'] + os.getuid()";
    let record = run(&runner, job(SWARM, body, json!({"x": 1})));
    assert_eq!(record.status, RunStatus::Succeeded, "{record:?}");
    assert_eq!(record.result, Some(json!(65535)));
    assert_eq!((record.stdout.as_str(), record.stderr.as_str()), ("out: é\n", "err\n"));

    let failed = run(&runner, job(SWARM, "raise ValueError('no')", json!({})));
    assert_eq!(failed.error.map(|error| error.message), Some("no".into()));
    let crashed = run(&runner, job(SWARM, "os._exit(3)", json!({})));
    assert_eq!(crashed.status, RunStatus::Crashed);
    assert!(crashed.error.is_some_and(|error| error.message.contains("exit code 3")));
    let mut slow = job(SWARM, "time.sleep(60)", json!({}));
    slow.request.limits.timeout_ms = Some(3000);
    assert_eq!(run(&runner, slow).status, RunStatus::TimedOut);
    let body = "import socket\ntry: socket.create_connection(('1.1.1.1', 80), 2)\n\
                except OSError as error: return 'cut off'";
    assert_eq!(run(&runner, job(SWARM, body, json!({}))).result, Some(json!("cut off")));
    let own = ["--filter", "label=metascope.run"];
    for what in ["service", "config", "network"] {
        assert_eq!(left(what, &own), "", "{what}");
    }
}
