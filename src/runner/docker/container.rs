//! How a run's container is locked down.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigLogConfig, Mount, MountType, MountVolumeOptions,
    ResourcesUlimits,
};

use super::engine;
use crate::runner::run::Context;

/// Where worker, input and outcome stand: a volume of the container's own.
pub const PLACE: &str = "/metascope";
/// `nobody`, on every system.
pub const USER: u64 = 65534;
/// The largest single file a task may write.
const MAX_FILE: i64 = 1 << 30;

/// The memory a run may use.
pub fn memory_limit(context: &Context<'_>) -> u64 {
    let default = context.settings().docker_memory_mb << 20;
    context.job.request.limits.memory_bytes.unwrap_or(default)
}

/// No network unless asked, nobody's rights and no way to more, a read-only system with a small
/// scratch space, bounded memory, processor and processes, no logs kept by the engine.
pub fn describe(context: &Context<'_>, image: &str, is_binary: bool) -> ContainerCreateBody {
    let limits = &context.job.request.limits;
    let memory = i64::try_from(memory_limit(context)).unwrap_or(i64::MAX);
    let labels = engine::labels(context.id);
    let volume = Mount {
        target: Some(PLACE.into()),
        typ: Some(MountType::VOLUME),
        volume_options: Some(MountVolumeOptions {
            no_copy: Some(true),
            labels: Some(labels.clone()),
            ..MountVolumeOptions::default()
        }),
        ..Mount::default()
    };
    let host = HostConfig {
        network_mode: Some(if limits.network { "bridge" } else { "none" }.into()),
        cap_drop: Some(vec!["ALL".into()]),
        security_opt: Some(vec!["no-new-privileges".into()]),
        readonly_rootfs: Some(true),
        tmpfs: Some(HashMap::from([(
            "/tmp".into(),
            "rw,nosuid,nodev,noexec,size=64m,mode=1777".into(),
        )])),
        memory: Some(memory),
        memory_swap: Some(memory),
        nano_cpus: limits.cpus.map(|cpus| (cpus * 1e9) as i64),
        pids_limit: Some(context.settings().max_processes as i64),
        ulimits: Some(vec![ulimit("fsize", MAX_FILE), ulimit("core", 0)]),
        log_config: Some(HostConfigLogConfig { typ: Some("none".into()), config: None }),
        mounts: Some(vec![volume]),
        ..HostConfig::default()
    };
    ContainerCreateBody {
        image: Some(image.into()),
        // Set even when the image has its own, which is then not used.
        entrypoint: Some(entrypoint(context, is_binary)),
        cmd: Some(Vec::new()),
        env: Some(environment()),
        user: Some(format!("{USER}:{USER}")),
        working_dir: Some("/tmp".into()),
        labels: Some(labels),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        host_config: Some(host),
        ..ContainerCreateBody::default()
    }
}

pub fn entrypoint(context: &Context<'_>, is_binary: bool) -> Vec<String> {
    if is_binary {
        return vec![format!("{PLACE}/in/worker")];
    }
    let entry = context.job.worker.files.first().map_or("worker.py", |(path, _)| path.as_str());
    vec!["python3".into(), "-u".into(), format!("{PLACE}/in/{entry}")]
}

/// Nothing of the host's environment.
pub fn environment() -> Vec<String> {
    [
        format!("METASCOPE_INPUT={PLACE}/input.json"),
        format!("METASCOPE_OUTPUT={PLACE}/out/outcome.json"),
        "PYTHONDONTWRITEBYTECODE=1".into(),
        "PYTHONIOENCODING=utf-8".into(),
        "LANG=C.UTF-8".into(),
        "HOME=/tmp".into(),
        "TMPDIR=/tmp".into(),
    ]
    .into()
}

fn ulimit(name: &str, limit: i64) -> ResourcesUlimits {
    ResourcesUlimits { name: Some(name.into()), soft: Some(limit), hard: Some(limit) }
}
