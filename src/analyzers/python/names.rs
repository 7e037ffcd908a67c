use super::Source;
use crate::model::facts::python::names::NameFacts;
pub fn extract(_source: &Source<'_>) -> NameFacts {
    NameFacts::default()
}
