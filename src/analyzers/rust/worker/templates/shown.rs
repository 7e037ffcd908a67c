//! What is best of a value: its JSON, else its `Debug` text, else its type. Of the traits below a
//! method call picks the one whose receiver needs the fewest references taken off.

use std::fmt::{Debug, Display};

use crate::json::IntoJson;
use crate::{Failure, quote};

pub struct Shown<'a, T>(pub &'a T);
pub struct Told<'a, T>(pub &'a T);

pub trait AsJson {
    fn shown(&self) -> String;
}
impl<T: IntoJson> AsJson for &&Shown<'_, T> {
    fn shown(&self) -> String {
        self.0.json()
    }
}

pub trait AsDebug {
    fn shown(&self) -> String;
}
impl<T: Debug> AsDebug for &Shown<'_, T> {
    fn shown(&self) -> String {
        format!("{{\"debug\":{}}}", quote(&format!("{:?}", self.0)))
    }
}

pub trait AsOpaque {
    fn shown(&self) -> String;
}
impl<T> AsOpaque for Shown<'_, T> {
    fn shown(&self) -> String {
        format!("{{\"opaque\":{}}}", quote(std::any::type_name::<T>()))
    }
}

fn failure<T>(message: String, debug: Option<String>) -> Failure {
    Failure::Error { type_: std::any::type_name::<T>().into(), message, debug }
}

pub trait TellText {
    fn told(&self) -> Failure;
}
impl<T: Display + Debug> TellText for &&Told<'_, T> {
    fn told(&self) -> Failure {
        failure::<T>(self.0.to_string(), Some(format!("{:?}", self.0)))
    }
}

pub trait TellDebug {
    fn told(&self) -> Failure;
}
impl<T: Debug> TellDebug for &Told<'_, T> {
    fn told(&self) -> Failure {
        failure::<T>(format!("{:?}", self.0), None)
    }
}

pub trait TellOpaque {
    fn told(&self) -> Failure;
}
impl<T> TellOpaque for Told<'_, T> {
    fn told(&self) -> Failure {
        failure::<T>("an error without words".into(), None)
    }
}

/// A result's JSON; a type without one is shown by `Debug`, or by its name.
#[macro_export]
macro_rules! to_json {
    ($value:expr) => {{
        #[allow(unused_imports)]
        use $crate::shown::{AsDebug as _, AsJson as _, AsOpaque as _};
        let value = $value;
        (&&&$crate::shown::Shown(&value)).shown()
    }};
}

/// An error's type and words.
#[macro_export]
macro_rules! to_failure {
    ($error:expr) => {{
        #[allow(unused_imports)]
        use $crate::shown::{TellDebug as _, TellOpaque as _, TellText as _};
        let error = $error;
        (&&&$crate::shown::Told(&error)).told()
    }};
}
