//! A workbench without a terminal on a small project.

use std::path::{Path, PathBuf};

use metascope::app::Model;
use metascope::shell::headless::Headless;
use metascope::views::theme::Palette;
use metascope::views::{Theme, print};
use metascope::workspace::{Options, scan};

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Opens a folder of the repository.
pub fn open(folder: &str, size: (u16, u16)) -> Headless {
    open_path(&root().join(folder), size, Palette::Dark)
}

pub fn open_path(path: &Path, size: (u16, u16), palette: Palette) -> Headless {
    let options = Options { cache: false, ..Options::default() };
    let scan = scan(path, &options, &|_| {}).expect("the folder opens");
    Headless::new(Model::of_project(scan.project), Theme::new(palette), &scan.root, size)
}

/// The frame as text.
pub fn text(shell: &mut Headless) -> String {
    print::text(&shell.frame())
}

/// A folder with files, for one test.
pub fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}
