use std::marker::PhantomData;
pub struct Scopes<'a>(PhantomData<&'a ()>);
impl<'a> Scopes<'a> {
    pub fn build(_ast: &'a ruff_python_ast::ModModule, _module: &str, _is_package: bool) -> Self {
        Self(PhantomData)
    }
}
