//! Finding things by their qualified name or an ending of it.

/// Whether `full` is `wanted`, or ends in it where a segment begins: `cart.Cart.add` is named by
/// `Cart.add`, `layout::export::find` by `export::find`.
pub fn is_named(full: &str, wanted: &str) -> bool {
    full.strip_suffix(wanted).is_some_and(|rest| {
        rest.is_empty() || !wanted.is_empty() && (rest.ends_with('.') || rest.ends_with("::"))
    })
}

/// Why a name leads nowhere: no other ends in it, or these do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotFound(pub Vec<String>);

impl NotFound {
    /// In words; `hint` follows when nothing has that name.
    pub fn say(&self, wanted: &str, hint: &str) -> String {
        let names = self.0.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
        match self.0.len() {
            0 => format!("nothing here is called {wanted}{hint}"),
            1..=5 => format!("{wanted} may mean {names}"),
            many => format!("{wanted} may mean any of {many}: {names} …"),
        }
    }
}

/// The name that `wanted` means: itself, else the only one that ends in it.
pub fn look_up<'a>(
    names: impl IntoIterator<Item = &'a str>,
    wanted: &str,
) -> Result<&'a str, NotFound> {
    let mut found: Vec<&str> = Vec::new();
    for name in names.into_iter().filter(|name| is_named(name, wanted)) {
        if name == wanted {
            return Ok(name);
        }
        found.push(name);
    }
    found.sort_unstable();
    found.dedup();
    match found.as_slice() {
        [only] => Ok(only),
        others => Err(NotFound(others.iter().map(ToString::to_string).collect())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_count_from_the_start_of_a_segment() {
        let names = ["a.Cart.add", "b.Cart.add", "b.Cart.total", "x::y::find", "add"];
        let look = |wanted| look_up(names, wanted).map_err(|not| not.0.len());
        assert_eq!(look("Cart.total"), Ok("b.Cart.total"));
        assert_eq!(look("y::find"), Ok("x::y::find"));
        assert_eq!(look("add"), Ok("add"));
        assert_eq!(look("Cart.add"), Err(2));
        assert_eq!(look("art.total"), Err(0));
        assert_eq!(look(""), Err(0));
    }
}
