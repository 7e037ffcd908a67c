//! Expanding a macro of a file on disk: by the interpreter, or by the user's compiler.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::analyzers::rust::expand::compiled::{self, Wanted};
use crate::analyzers::rust::expand::{Answer, Beyond, Query, expand};
use crate::app::Action;
use crate::model::expansion::{Expansion, ExpansionRefusal, ExpansionRequest};
use crate::runner::compiler::{self, CompilerError, Target};
use crate::runner::trust;
use crate::workspace::{CrateSources, on_pool};

/// Why the compiler expanded nothing.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    #[error(transparent)]
    Compiler(#[from] CompilerError),
    #[error("{0}")]
    Absent(String),
}

/// The package that a macro's crate is built from; building it runs its code.
///
/// # Errors
/// When the file belongs to no package.
pub fn package(file: &Path, beyond: &Beyond) -> Result<Target, String> {
    let found = CrateSources::around(file).target(&beyond.krate);
    let (folder, flags) = found
        .ok_or_else(|| format!("{}; and the compiler needs a package to build", beyond.reason))?;
    Ok(Target { folder, flags })
}

/// What the compiler makes of a macro; only to be asked where the package is trusted.
///
/// # Errors
/// When the package does not build or its expansion does not hold the place.
pub fn compile(file: &Path, beyond: &Beyond, target: &Target) -> Result<Expansion, CompileError> {
    let expansion = compiler::expansion(target)?;
    let original = std::fs::read_to_string(file)
        .map_err(|error| CompileError::Absent(format!("{}: {error}", file.display())))?;
    let wanted = Wanted { original: &original, module: &beyond.module, target: beyond };
    on_pool(|| compiled::find(&expansion, &wanted)).map_err(CompileError::Absent)
}

/// Answers the source view.
pub fn answer(root: &Path, request: ExpansionRequest) -> Action {
    let answer = try_answer(root, &request).map(Arc::new);
    Action::Expanded { request, answer }
}

fn try_answer(root: &Path, request: &ExpansionRequest) -> Result<Expansion, ExpansionRefusal> {
    let file = root.join(&*request.file);
    let file = file.canonicalize().unwrap_or(file);
    let query = Query {
        file: &file.to_string_lossy(),
        line: request.line,
        column: None,
        pick: request.pick,
        depth: request.depth,
        by_compiler: request.by_compiler,
    };
    let found = on_pool(|| expand(&CrateSources::around(&file), &query));
    let beyond = match found.map_err(ExpansionRefusal::Failed)? {
        Answer::Expanded(found) => return Ok(near(found, root)),
        Answer::Compiler(beyond) => beyond,
    };
    let failed = |why: String| ExpansionRefusal::Failed(format!("{}: {why}", beyond.call));
    let target = package(&file, &beyond).map_err(failed)?;
    if request.agreed
        && let Err(error) = trust::trust(&target.folder)
    {
        return Err(failed(format!("the answer cannot be kept: {error}")));
    }
    if !(request.by_compiler && trust::is_trusted(&target.folder)) {
        return Err(ExpansionRefusal::NeedsCompiler {
            trusted: trust::is_trusted(&target.folder),
            folder: target.folder.to_string_lossy().into_owned(),
            call: beyond.call,
            reason: beyond.reason,
        });
    }
    compile(&file, &beyond, &target).map_err(|error| failed(error.to_string()))
}

/// Files of the project as the project names them.
fn near(mut found: Expansion, root: &Path) -> Expansion {
    let root: PathBuf = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    for step in &mut found.steps {
        let inside = step.file.as_ref().and_then(|file| Path::new(file).strip_prefix(&root).ok());
        if let Some(inside) = inside {
            step.file = Some(inside.to_string_lossy().into_owned());
        }
    }
    found
}
