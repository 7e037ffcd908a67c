//! Which image a run uses.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters::{CreateImageOptions, ListImagesOptions};
use futures_util::{Stream, StreamExt};

use super::engine;
use crate::runner::run::{Context, Execution};
use crate::runner::thread::python;

/// The label of images that `metascope image build` or a run has made.
pub const LABEL: &str = "metascope.image";
/// The repository of our own Python images.
pub const PYTHON: &str = "metascope/python";
/// An image without a single file, for static binaries.
const EMPTY: &str = "metascope/empty";
/// The kind of images that hold one run's static binary, and where it is in them.
pub const WORKER: &str = "worker";
pub const BINARY: &str = "/worker";

const REMEDY: &str = "run `metascope image build` to make one from this machine's interpreter, \
                      or name one with --image";

/// An image that is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    pub name: String,
    /// The hash of what is in it.
    pub id: String,
}

/// The image for a Python task: the one asked for, the official one if it is here, our own if it
/// has been built, the official one if it can be pulled.
pub async fn for_python(context: &Context<'_>, docker: &Docker) -> Result<Image, Execution> {
    let asked = context.job.request.limits.image.as_ref().or(context.settings().image.as_ref());
    let lacking = |message| Execution::lacking("ImageNotFound", message);
    if let Some(asked) = asked {
        if let Some(image) = find(docker, asked).await {
            return Ok(image);
        }
        let pulled = pull(context, docker, asked).await;
        return pulled
            .map_err(|why| lacking(format!("the image {asked} is not here and {why}; {REMEDY}")));
    }
    let version = python::find(&context.job.root, context.settings())
        .and_then(|python| python::version(&python));
    let version = version.unwrap_or_else(|_| "3".into());
    let official = format!("python:{version}-slim");
    let own = format!("{PYTHON}:{version}");
    let (found, made) = tokio::join!(find(docker, &official), find(docker, &own));
    if let Some(image) = found.or(made) {
        return Ok(image);
    }
    let why = match pull(context, docker, &official).await {
        Ok(image) => return Ok(image),
        Err(why) => why,
    };
    let message =
        format!("no image for Python {version}: {official} is not here and {why}; {REMEDY}");
    Err(lacking(message))
}

/// The empty image for static binaries, made on first use.
pub async fn empty(docker: &Docker) -> Result<Image, String> {
    let name = format!("{EMPTY}:1");
    if let Some(image) = find(docker, &name).await {
        return Ok(image);
    }
    let archive = tar::Builder::new(Vec::new()).into_inner();
    let archive = archive.map_err(|error| error.to_string())?;
    let archive = futures_util::stream::iter([Ok(archive)]);
    let id = import(docker, EMPTY, "1", "empty", Vec::new(), archive).await?;
    Ok(Image { name, id })
}

/// An image of one static binary for one run, which removes it again.
pub async fn of_binary(docker: &Docker, run: &str, binary: &Path) -> Result<Image, String> {
    let packed = pack(binary).map_err(|error| format!("the worker cannot be packed: {error}"))?;
    let labels = engine::labels(run).into_iter();
    let labels = labels.map(|(name, value)| format!("LABEL {name}={value}")).collect();
    let archive = futures_util::stream::iter([Ok(packed)]);
    let id = import(docker, "metascope/worker", run, WORKER, labels, archive).await?;
    Ok(Image { name: format!("metascope/worker:{run}"), id })
}

/// The binary and the folder it may write to.
fn pack(binary: &Path) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut folder = tar::Header::new_gnu();
    folder.set_entry_type(tar::EntryType::Directory);
    folder.set_mode(0o1777);
    folder.set_size(0);
    archive.append_data(&mut folder, "tmp/", std::io::empty())?;
    let bytes = std::fs::read(binary)?;
    let mut file = tar::Header::new_gnu();
    file.set_mode(0o755);
    file.set_size(bytes.len() as u64);
    archive.append_data(&mut file, BINARY.trim_start_matches('/'), bytes.as_slice())?;
    archive.into_inner()
}

/// Imports an archive of a file system as an image that carries our label.
pub async fn import(
    docker: &Docker,
    repository: &str,
    tag: &str,
    kind: &str,
    mut changes: Vec<String>,
    archive: impl Stream<Item = Result<Vec<u8>, std::io::Error>> + Send + 'static,
) -> Result<String, String> {
    changes.push(format!("LABEL {LABEL}={kind}"));
    let options = CreateImageOptions {
        from_src: Some("-".into()),
        repo: Some(repository.into()),
        tag: Some(tag.into()),
        changes,
        ..CreateImageOptions::default()
    };
    let body = bollard::body_try_stream(archive.map(|chunk| chunk.map(Into::into)));
    let mut progress = std::pin::pin!(docker.create_image(Some(options), Some(body), None));
    let mut id = String::new();
    while let Some(step) = progress.next().await {
        let step = step.map_err(|error| engine::explain(&error))?;
        if let Some(status) = step.status {
            id = status;
        }
    }
    Ok(id)
}

/// The image of a name, if it is here.
pub async fn find(docker: &Docker, name: &str) -> Option<Image> {
    let found = docker.inspect_image(name).await.ok()?;
    Some(Image { name: name.into(), id: found.id.unwrap_or_default() })
}

/// Pulls an image, unless the run is cancelled or it takes too long to begin with.
async fn pull(context: &Context<'_>, docker: &Docker, image: &str) -> Result<Image, String> {
    context.progress(format!("pulling {image}"));
    // Without a tag the engine would fetch all of them.
    let name = image.rsplit('/').next().unwrap_or(image);
    let full = if name.contains([':', '@']) { image.into() } else { format!("{image}:latest") };
    let options = CreateImageOptions { from_image: Some(full), ..CreateImageOptions::default() };
    let mut steps = std::pin::pin!(docker.create_image(Some(options), None, None));
    let mut told = String::new();
    let mut patience = Duration::from_secs(30);
    loop {
        let step = tokio::select! {
            step = tokio::time::timeout(patience, steps.next()) => step,
            () = super::cancelled(context) => return Err("the run was cancelled".into()),
        };
        match step {
            Err(_) => return Err("the registry does not answer".into()),
            Ok(None) => {
                let found = find(docker, image).await;
                return found.ok_or_else(|| "is not there after it was pulled".into());
            }
            Ok(Some(Err(error))) => {
                return Err(format!("cannot be pulled ({})", engine::explain(&error)));
            }
            Ok(Some(Ok(step))) => {
                patience = Duration::from_secs(300);
                let status = step.status.unwrap_or_default();
                if status != told && !status.is_empty() {
                    context.progress(format!("pulling {image}: {status}"));
                    told = status;
                }
            }
        }
    }
}

/// One of our images.
#[derive(Debug, Clone, serde::Serialize)]
pub struct OwnImage {
    pub name: String,
    pub id: String,
    pub kind: String,
    pub size: i64,
    /// Unix seconds.
    pub created: i64,
}

/// All images that carry our label.
pub async fn list(docker: &Docker) -> Result<Vec<OwnImage>, String> {
    let options = ListImagesOptions {
        filters: Some(HashMap::from([("label".to_string(), vec![LABEL.to_string()])])),
        ..ListImagesOptions::default()
    };
    let found = docker.list_images(Some(options)).await.map_err(|error| engine::explain(&error))?;
    let mut images: Vec<OwnImage> = found
        .into_iter()
        .map(|image| OwnImage {
            name: image.repo_tags.first().cloned().unwrap_or_else(|| image.id.clone()),
            kind: image.labels.get(LABEL).cloned().unwrap_or_default(),
            id: image.id,
            size: image.size,
            created: image.created,
        })
        .collect();
    images.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(images)
}
