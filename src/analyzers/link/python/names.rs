use super::PythonFile;
pub struct Names<'a> {
    files: &'a [PythonFile<'a>],
}
impl<'a> Names<'a> {
    pub fn build(files: &'a [PythonFile<'a>]) -> Self {
        Self { files }
    }
}
