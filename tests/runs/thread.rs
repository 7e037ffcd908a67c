//! The thread executor, one outcome after the other.

use std::time::{Duration, Instant};

use metascope::model::{ExecutorKind, RunEvent, RunStatus};
use serde_json::json;

use crate::support::{
    assert_clean, job, lacks_python, processes_with, project, run, runner, sandbox, start,
    worker_job,
};

const THREAD: ExecutorKind = ExecutorKind::Thread;

#[test]
fn a_result_comes_back_on_its_own_channel() {
    sandbox();
    if lacks_python() {
        return;
    }
    let body = "print('{\"status\": \"error\"}')\n\
                print('to stderr, no newline', end='', file=sys.stderr)\n\
                return {'twice': given['x'] * 2, 'text': 'é€🦀'}";
    let record = run(&runner(), job(THREAD, body, json!({"x": 21})));
    assert_eq!(record.status, RunStatus::Succeeded, "{record:?}");
    assert_eq!(record.result, Some(json!({"twice": 42, "text": "é€🦀"})));
    assert_eq!(record.stdout, "{\"status\": \"error\"}\n");
    assert_eq!(record.stderr, "to stderr, no newline");
    assert!(record.launch_ms.is_some_and(|launch| launch > 0.0 && launch < record.elapsed_ms));
    assert!(record.cpu_ms.is_some());
}

#[test]
fn bad_input_is_rejected_before_anything_starts() {
    sandbox();
    let marker = sandbox().join("started");
    let text = format!("open({marker:?}, 'w')");
    let record = run(&runner(), worker_job(THREAD, "worker.py", text, json!({"x": "one"})));
    assert_eq!(record.status, RunStatus::Rejected);
    assert_eq!(record.input_errors[0].path, "/x");
    assert!(!marker.exists());
}

#[test]
fn errors_and_strange_ends_are_ordinary_outcomes() {
    sandbox();
    if lacks_python() {
        return;
    }
    let runner = runner();
    let failed = run(&runner, job(THREAD, "raise KeyError('gone')", json!({})));
    assert_eq!(failed.status, RunStatus::Failed);
    let error = failed.error.expect("an error");
    assert_eq!((error.type_.as_str(), error.message.as_str()), ("KeyError", "'gone'"));

    for (body, expected) in [
        ("os._exit(7)", "exit code 7"),
        ("os.kill(os.getpid(), 11)", "SIGSEGV"),
        ("os.kill(os.getpid(), 9)", "SIGKILL"),
        ("os.abort()", "SIGABRT"),
    ] {
        let crashed = run(&runner, job(THREAD, &format!("print('before')\n{body}"), json!({})));
        assert_eq!(crashed.status, RunStatus::Crashed);
        assert_eq!(crashed.stdout, "before\n");
        let message = crashed.error.expect("an error").message;
        assert!(message.contains(expected), "{message}");
    }
    let text = "import os; open(os.environ['METASCOPE_OUTPUT'], 'w').write('{')".to_string();
    let broken = run(&runner, worker_job(THREAD, "worker.py", text, json!({})));
    assert_eq!(broken.status, RunStatus::Crashed);
    assert_eq!(broken.error.map(|error| error.type_), Some("BrokenOutcome".into()));
    let text = "import os; os.symlink('/etc/passwd', os.environ['METASCOPE_OUTPUT'])".to_string();
    let linked = run(&runner, worker_job(THREAD, "worker.py", text, json!({})));
    assert_eq!(linked.status, RunStatus::Crashed);
}

#[test]
fn each_run_starts_afresh_in_the_project_without_secrets() {
    sandbox();
    if lacks_python() {
        return;
    }
    let runner = runner();
    runner.keep_warm();
    let body = "import builtins, tempfile\n\
                seen = getattr(builtins, 'mark', 0)\n\
                builtins.mark = seen + 1\n\
                return [seen, os.getcwd(), os.environ.get('TEST_SECRET_TOKEN'), '_metascope' in globals(),\n\
                sys.stdin.read(), tempfile.gettempdir(), sys.argv]";
    for _ in 0..3 {
        let result = run(&runner, job(THREAD, body, json!({}))).result.expect("a result");
        let cwd = project().canonicalize().unwrap();
        assert_eq!(result[0], 0);
        assert_eq!(result[1], cwd.to_string_lossy().as_ref());
        assert_eq!((&result[2], &result[3], &result[4]), (&json!(null), &json!(false), &json!("")));
        assert!(result[5].as_str().is_some_and(|dir| dir.contains("/metascope-")));
        assert_eq!(result[6].as_array().map(Vec::len), Some(1));
    }
    drop(runner);
}

#[test]
fn a_warm_interpreter_starts_a_task_in_milliseconds() {
    sandbox();
    if lacks_python() {
        return;
    }
    let runner = runner();
    let cold = run(&runner, job(THREAD, "return 1", json!({}))).launch_ms.expect("called");
    runner.keep_warm();
    std::thread::sleep(Duration::from_millis(800));
    let mut warm: Vec<f64> = (0..5)
        .map(|_| {
            let launch =
                run(&runner, job(THREAD, "return 1", json!({}))).launch_ms.expect("called");
            std::thread::sleep(Duration::from_millis(500));
            launch
        })
        .collect();
    warm.sort_by(f64::total_cmp);
    assert!(warm[0] < cold, "warm {warm:?}, cold {cold}");
}

#[test]
fn a_cancelled_task_stops_even_when_it_ignores_sigterm() {
    sandbox();
    if lacks_python() {
        return;
    }
    let runner = runner();
    for (setup, longest) in [("", 2.0), ("import signal; signal.signal(15, signal.SIG_IGN)", 5.0)] {
        let body = format!("{setup}\nprint('ready')\ntime.sleep(60)");
        let (handle, events) = start(&runner, job(THREAD, &body, json!({})));
        let id = handle.id().clone();
        let is_ready = || events.lock().unwrap().contains(&RunEvent::Stdout("ready\n".into()));
        while !is_ready() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let asked = Instant::now();
        handle.cancel();
        let record = handle.wait();
        assert_eq!(record.status, RunStatus::Cancelled);
        assert!(asked.elapsed().as_secs_f64() < longest, "{:?}", asked.elapsed());
        assert_clean(&id);
    }
}

#[test]
fn a_task_that_runs_too_long_is_stopped() {
    sandbox();
    if lacks_python() {
        return;
    }
    let mut slow = job(THREAD, "print('x')\ntime.sleep(60)", json!({}));
    slow.request.limits.timeout_ms = Some(3000);
    let record = run(&runner(), slow);
    assert_eq!(record.status, RunStatus::TimedOut);
    assert_eq!(record.stdout, "x\n");
    assert!(record.elapsed_ms < 15_000.0 && record.cpu_ms.is_some());
}

#[test]
fn forked_children_and_daemons_end_with_their_task() {
    sandbox();
    if lacks_python() {
        return;
    }
    let body = "import subprocess\n\
                subprocess.Popen(['sleep', '300'])\n\
                if os.fork() == 0:\n\
                \x20   os.setsid()\n\
                \x20   if os.fork() == 0:\n\
                \x20       time.sleep(300)\n\
                \x20   os._exit(0)\n\
                print('parent')\n\
                return os.environ['METASCOPE_OUTPUT']";
    let started = Instant::now();
    let record = run(&runner(), job(THREAD, body, json!({})));
    assert_eq!(record.status, RunStatus::Succeeded, "{record:?}");
    assert!(started.elapsed() < Duration::from_secs(10));
    let folder = record.result.unwrap().as_str().unwrap().replace("/outcome.json", "");
    assert!(processes_with(&folder).is_empty());
}

#[test]
fn a_flood_of_output_stays_bounded() {
    sandbox();
    if lacks_python() {
        return;
    }
    let body = "chunk = 'x' * 1023 + '\\n'\n\
                for _ in range(200): sys.stdout.write(chunk * 1024)\n\
                print('the end')\n\
                return 1";
    let before = resident();
    let record = run(&runner(), {
        let mut job = job(THREAD, body, json!({}));
        job.request.limits.timeout_ms = Some(120_000);
        job
    });
    assert_eq!(record.status, RunStatus::Succeeded, "{:?}", record.error);
    assert!(record.stdout.len() < 1 << 20 && record.stdout.ends_with("the end\n"));
    assert!(record.stdout.contains("bytes left out"));
    let file = metascope::runner::log_file(&record.run, "stdout").expect("a log file");
    assert!(file.metadata().unwrap().len() <= 64 << 20);
    // The events, which this test keeps, are the flood itself; the runner's own share is small.
    let grown = resident().saturating_sub(before);
    assert!(grown < 300 << 20, "grew by {} MB", grown >> 20);
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() << 10
}

#[test]
fn memory_is_limited() {
    sandbox();
    if lacks_python() {
        return;
    }
    let runner = runner();
    let mut hungry = job(THREAD, "return len(bytearray(1 << 30))", json!({}));
    hungry.request.limits.memory_bytes = Some(200 << 20);
    let record = run(&runner, hungry);
    assert_eq!(record.status, RunStatus::Failed, "{record:?}");
    assert_eq!(record.error.map(|error| error.type_), Some("MemoryError".into()));

    // Each process of a tree is below the limit, all together are not.
    let body = "for _ in range(4):\n\
                \x20   if os.fork() == 0:\n\
                \x20       x = bytearray(b'1') * (80 << 20)\n\
                \x20       time.sleep(60)\n\
                time.sleep(60)";
    let mut hungry = job(THREAD, body, json!({}));
    hungry.request.limits.memory_bytes = Some(200 << 20);
    let record = run(&runner, hungry);
    assert_eq!(record.status, RunStatus::Crashed);
    let error = record.error.expect("an error");
    assert!(error.message.contains("200 MB"), "{error:?}");
}

#[test]
fn escapes_and_broken_utf8_are_recorded_as_text() {
    sandbox();
    if lacks_python() {
        return;
    }
    let body = "sys.stdout.buffer.write(b'\\x1b[2J\\x1b]0;title\\x07\\xff\\xfe ok')\nreturn None";
    let record = run(&runner(), job(THREAD, body, json!({})));
    assert_eq!(record.status, RunStatus::Succeeded);
    assert_eq!(record.stdout, "\u{1b}[2J\u{1b}]0;title\u{7}\u{fffd}\u{fffd} ok");
}

#[test]
fn a_missing_interpreter_is_told_with_a_remedy() {
    sandbox();
    let mut job = job(THREAD, "return 1", json!({}));
    // A project whose virtual environment has lost its interpreter to a non-program.
    let root = sandbox().join("broken-venv");
    std::fs::create_dir_all(root.join(".venv/bin")).unwrap();
    let python = root.join(".venv/bin/python");
    std::fs::write(&python, "#!/nowhere/python\n").unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).unwrap();
    job.root = root;
    let record = run(&runner(), job);
    let error = record.error.expect("an error");
    assert!(metascope::runner::is_environment_error(&error), "{error:?}");
    assert!(error.message.contains(".venv/bin/python"));
}

#[test]
fn many_runs_leave_no_descriptor_process_or_memory_behind() {
    sandbox();
    if lacks_python() {
        return;
    }
    // In a process of its own: other tests open and close files meanwhile.
    let mut bench = crate::faults::Workbench::spawn("soak", &[]);
    let line = bench.line_with("soaked ");
    let [before, after, threads]: [usize; 3] = line
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect::<Vec<_>>()
        .try_into()
        .expect("three counts");
    assert!(after <= before, "{before} descriptors before, {after} after");
    assert!(threads <= 4, "{threads} threads remain");
    bench.end();
}
