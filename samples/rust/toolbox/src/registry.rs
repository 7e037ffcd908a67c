//! The registry: every module may submit tools, nobody lists them.

/// A tool somebody submitted.
pub struct Tool {
    pub name: &'static str,
    pub run: fn(&str) -> String,
}

inventory::collect!(Tool);

/// All tools by name, in order.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = inventory::iter::<Tool>.into_iter().map(|tool| tool.name).collect();
    names.sort_unstable();
    names
}

/// Runs a tool on a text.
pub fn run(name: &str, input: &str) -> Option<String> {
    let tool = inventory::iter::<Tool>.into_iter().find(|tool| tool.name == name)?;
    Some((tool.run)(input))
}

/// Makes a tool of a function, under its own name.
#[macro_export]
macro_rules! tool {
    ($($function:ident),+ $(,)?) => {
        $(inventory::submit! {
            $crate::registry::Tool { name: stringify!($function), run: $function }
        })+
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn tools_of_all_modules_are_found() {
        assert_eq!(super::names(), ["count", "reverse", "shout"]);
        assert_eq!(super::run("shout", "tea").as_deref(), Some("TEA!"));
    }
}
