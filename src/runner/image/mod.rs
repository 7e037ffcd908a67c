//! Worker images made from this machine's own interpreter, without any registry: the binary, its
//! standard library and the shared libraries they need, imported as one layer.

mod elf;
mod interpreter;

use std::io::{Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bollard::Docker;
use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{
    CreateContainerOptions, LogsOptions, RemoveImageOptions, StartContainerOptions,
    WaitContainerOptions,
};
use futures_util::StreamExt;
use tokio::io::AsyncReadExt;

pub use super::docker::images::OwnImage;
use super::docker::{engine, images};
use super::settings::Settings;
use super::thread::python;

/// Why an image command failed.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The machine lacks an engine or an interpreter.
    #[error("{0}")]
    Environment(String),
    #[error("{0}")]
    Failed(String),
}

/// Builds the Python image for a project and proves that it works. `python` overrides the
/// project's own interpreter.
pub fn build(
    root: &Path,
    python: Option<PathBuf>,
    progress: &dyn Fn(&str),
) -> Result<OwnImage, ImageError> {
    let (settings, _) = Settings::load();
    let python = match python {
        Some(python) => python,
        None => python::find(root, &settings).map_err(ImageError::Environment)?,
    };
    let interpreter =
        interpreter::Interpreter::inspect(&python).map_err(ImageError::Environment)?;
    engine::block_on(async {
        let docker = engine::connect().await.map_err(ImageError::Environment)?;
        progress(&format!("packing {}", interpreter.program.display()));
        let mut file =
            tempfile::tempfile().map_err(|error| ImageError::Failed(error.to_string()))?;
        let packed = interpreter.pack(&mut file);
        packed.map_err(|error| {
            ImageError::Failed(format!("the interpreter cannot be packed: {error}"))
        })?;
        let size = file.seek(SeekFrom::End(0)).unwrap_or_default();
        let _ = file.seek(SeekFrom::Start(0));
        let name = format!("{}:{}", images::PYTHON, interpreter.version);
        progress(&format!("importing {} MB as {name}", size >> 20));
        let replaced = docker.inspect_image(&name).await.ok().and_then(|image| image.id);
        let changes = vec![
            "ENV PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8".into(),
            r#"CMD ["python3"]"#.into(),
        ];
        images::import(
            &docker,
            images::PYTHON,
            &interpreter.version,
            "python",
            changes,
            chunks(file),
        )
        .await
        .map_err(|why| ImageError::Failed(format!("the engine did not take the image: {why}")))?;
        progress("checking that it works");
        if let Err(why) = check(&docker, &name).await {
            let _ = docker.remove_image(&name, None::<RemoveImageOptions>, None).await;
            return Err(ImageError::Failed(format!("the image does not work: {why}")));
        }
        let built = docker.inspect_image(&name).await.ok().and_then(|image| image.id);
        if let Some(old) = replaced.filter(|old| Some(old) != built.as_ref()) {
            // Now nameless; one that a container still uses stays until that is gone.
            let _ = docker.remove_image(&old, None::<RemoveImageOptions>, None).await;
        }
        let all = images::list(&docker).await.map_err(ImageError::Failed)?;
        let own = all.into_iter().find(|image| image.name == name);
        own.ok_or_else(|| ImageError::Failed(format!("{name} is not among the engine's images")))
    })
    .map_err(ImageError::Failed)?
}

/// Our images.
pub fn list() -> Result<Vec<OwnImage>, ImageError> {
    engine::block_on(async {
        let docker = engine::connect().await.map_err(ImageError::Environment)?;
        images::list(&docker).await.map_err(ImageError::Failed)
    })
    .map_err(ImageError::Failed)?
}

/// Removes the named images of ours, or all of them; returns those that went.
pub fn remove(names: &[String]) -> Result<Vec<String>, ImageError> {
    engine::block_on(async {
        let docker = engine::connect().await.map_err(ImageError::Environment)?;
        let own = images::list(&docker).await.map_err(ImageError::Failed)?;
        let is_meant = |image: &&OwnImage| {
            names.is_empty()
                || names.iter().any(|name| *name == image.name || image.id.ends_with(name.as_str()))
        };
        let meant: Vec<&OwnImage> = own.iter().filter(is_meant).collect();
        if meant.len() < names.len() {
            let known: Vec<&str> = own.iter().map(|image| image.name.as_str()).collect();
            let message = format!("no such image of ours; there are: {}", known.join(", "));
            return Err(ImageError::Failed(message));
        }
        for image in &meant {
            docker
                .remove_image(&image.name, None::<RemoveImageOptions>, None)
                .await
                .map_err(|error| ImageError::Failed(engine::explain(&error)))?;
        }
        Ok(meant.iter().map(|image| image.name.clone()).collect())
    })
    .map_err(ImageError::Failed)?
}

/// A file piece by piece, without holding it in memory.
fn chunks(
    file: std::fs::File,
) -> impl futures_util::Stream<Item = Result<Vec<u8>, std::io::Error>> + Send + 'static {
    let file = tokio::fs::File::from_std(file);
    futures_util::stream::try_unfold(file, |mut file| async move {
        let mut buffer = vec![0; 1 << 20];
        let count = file.read(&mut buffer).await?;
        buffer.truncate(count);
        Ok((count > 0).then_some((buffer, file)))
    })
}

/// Imports in a container what workers lean on.
async fn check(docker: &Docker, image: &str) -> Result<(), String> {
    const CODE: &str = "import asyncio, ctypes, datetime, decimal, hashlib, json, random, \
                        re, sqlite3, ssl, struct, subprocess, threading, uuid, zlib";
    let name = format!("metascope-check-{}", std::process::id());
    let told = |error| engine::explain(&error);
    let body = ContainerCreateBody {
        image: Some(image.into()),
        cmd: Some(["python3", "-c", CODE].map(String::from).into()),
        user: Some("65534:65534".into()),
        labels: Some(engine::labels("check")),
        host_config: Some(HostConfig {
            network_mode: Some("none".into()),
            readonly_rootfs: Some(true),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    };
    let options = CreateContainerOptions { name: Some(name.clone()), ..Default::default() };
    docker.create_container(Some(options), body).await.map_err(told)?;
    let work = async {
        docker.start_container(&name, None::<StartContainerOptions>).await.map_err(told)?;
        let options = WaitContainerOptions { condition: "not-running".into() };
        let mut exit = std::pin::pin!(docker.wait_container(&name, Some(options)));
        match exit.next().await {
            Some(Ok(_)) => Ok(()),
            _ => Err(last_words(docker, &name).await),
        }
    };
    let result = tokio::time::timeout(Duration::from_secs(60), work).await;
    engine::remove(docker, &name).await?;
    result.unwrap_or_else(|_| Err("it did not end in a minute".into()))
}

async fn last_words(docker: &Docker, name: &str) -> String {
    let options = LogsOptions { stdout: true, stderr: true, ..LogsOptions::default() };
    let mut logs = std::pin::pin!(docker.logs(name, Some(options)));
    let mut text = String::new();
    while let Some(Ok(line)) = logs.next().await {
        text.push_str(&line.to_string());
    }
    text.trim().to_string()
}
