//! Dependencies of a Python worker as a layer on its image: installed once by the project's own
//! interpreter, added to the image without starting it, kept under the hash of what it was made
//! from.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use bollard::Docker;
use bollard::models::{ContainerConfig, ContainerCreateBody};
use bollard::query_parameters::{
    CommitContainerOptions, CreateContainerOptions, UploadToContainerOptions,
};

use super::engine;
use super::images::{self, Image, LABEL};
use crate::runner::requirements::{self, Requirements};
use crate::runner::run::Context;
use crate::runner::thread::python;

/// The repository of images with dependencies.
const REPOSITORY: &str = "metascope/dependencies";
/// Where they lie in the image.
const PLACE: &str = "usr/local/lib/metascope";

/// The image to run in: the one given, or one made from it with what the worker imports. When that
/// cannot be had the reason is told and the run goes on: an import may be optional.
pub async fn with_dependencies(context: &Context<'_>, docker: &Docker, image: Image) -> Image {
    let is_asked = context.job.request.limits.image.is_some() || context.settings().image.is_some();
    let imports = &context.job.worker.dependencies;
    if is_asked || imports.is_empty() {
        return image;
    }
    let Requirements { declared, undeclared } = requirements::of(&context.job.root, imports);
    if !undeclared.is_empty() {
        let names = undeclared.join(", ");
        context.progress(format!(
            "the project does not declare {names}: not installed in the container"
        ));
    }
    if declared.is_empty() {
        return image;
    }
    match add(context, docker, &image, &declared).await {
        Ok(made) => made,
        Err(why) => {
            let names = declared.join(", ");
            context.progress(format!("{names} could not be installed in the container: {why}"));
            image
        }
    }
}

async fn add(
    context: &Context<'_>,
    docker: &Docker,
    image: &Image,
    lines: &[String],
) -> Result<Image, String> {
    let told = |error| engine::explain(&error);
    let key = blake3::hash(format!("{}\n{}", image.id, lines.join("\n")).as_bytes()).to_hex();
    let name = format!("{REPOSITORY}:{}", &key[..16]);
    if let Some(made) = images::find(docker, &name).await {
        return Ok(made);
    }
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    install(context, lines, folder.path()).await?;
    context.progress("adding them to the image");
    let mut archive = tar::Builder::new(Vec::new());
    archive.mode(tar::HeaderMode::Deterministic);
    archive.follow_symlinks(false);
    let packed = archive.append_dir_all(PLACE, folder.path()).and_then(|()| archive.into_inner());
    let packed = packed.map_err(|error| error.to_string())?;
    let container = format!("metascope-layer-{}", context.id);
    let body = ContainerCreateBody {
        image: Some(image.name.clone()),
        cmd: Some(vec!["python3".into()]),
        labels: Some(engine::labels(context.id)),
        ..ContainerCreateBody::default()
    };
    let options = CreateContainerOptions { name: Some(container.clone()), ..Default::default() };
    docker.create_container(Some(options), body).await.map_err(told)?;
    let made = async {
        let options = UploadToContainerOptions { path: "/".into(), ..Default::default() };
        let body = bollard::body_full(packed.into());
        docker.upload_to_container(&container, Some(options), body).await.map_err(told)?;
        let options = CommitContainerOptions {
            container: Some(container.clone()),
            repo: Some(REPOSITORY.into()),
            tag: Some(key[..16].to_owned()),
            changes: Some(format!("ENV PYTHONPATH=/{PLACE}\nLABEL {LABEL}=dependencies")),
            ..Default::default()
        };
        docker.commit_container(options, ContainerConfig::default()).await.map_err(told)
    };
    let made = made.await;
    engine::remove(docker, &container).await?;
    made.map(|made| Image { name, id: made.id })
}

/// Installs wheels with the project's interpreter, whose version the image has; stopped when the
/// run is.
async fn install(context: &Context<'_>, lines: &[String], target: &Path) -> Result<(), String> {
    let python = python::find(&context.job.root, context.settings())?;
    context.progress(format!("installing {}", lines.join(", ")));
    let mut child = Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(["--no-input", "--only-binary", ":all:", "--target"])
        .arg(target)
        .arg("--")
        .args(lines)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{} cannot be run: {error}", python.display()))?;
    let pipe = child.stderr.take();
    let words = std::thread::spawn(move || pipe.map(std::io::read_to_string));
    let status = loop {
        if context.cancel.is_requested() {
            let _ = child.kill();
        }
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(error) => return Err(error.to_string()),
        }
    };
    let words = words.join().ok().flatten().and_then(Result::ok).unwrap_or_default();
    if status.success() {
        return Ok(());
    }
    let last = words.lines().rfind(|line| line.starts_with("ERROR")).unwrap_or("pip failed");
    Err(last.trim_start_matches("ERROR: ").to_owned())
}
