//! How a function is called with owned values: what each parameter is made as, and how passed.

use minijinja::context;
use quote::ToTokens;
use syn::visit::Visit;
use syn::{FnArg, GenericArgument, GenericParam, ItemFn, Pat, PathArguments, ReturnType, Type};

/// All that the adapter's template needs of a signature.
#[derive(Debug)]
pub struct Signature {
    pub function: String,
    pub params: Vec<Param>,
    pub is_async: bool,
    /// The declared type is called `Result`, so that errors are failures.
    pub is_result: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Param {
    /// As the input names it.
    pub name: String,
    /// As the adapter names it, which shadows nothing of the user's.
    pub variable: String,
    /// The type that is made from JSON.
    pub owned: String,
    /// The argument of the call.
    pub pass: String,
}

impl Param {
    /// As the template reads it.
    pub fn value(&self) -> minijinja::Value {
        context! {
            name => self.name.as_str(),
            variable => self.variable.as_str(),
            owned => self.owned.as_str(),
            pass => self.pass.as_str(),
        }
    }
}

impl Signature {
    /// # Errors
    /// Why the function cannot be called with JSON values.
    pub fn read(function: &ItemFn) -> Result<Self, String> {
        let signature = &function.sig;
        let open: Vec<String> = signature
            .generics
            .params
            .iter()
            .filter_map(|param| match param {
                GenericParam::Type(param) => Some(param.ident.to_string()),
                GenericParam::Const(param) => Some(param.ident.to_string()),
                GenericParam::Lifetime(_) => None,
            })
            .collect();
        if !open.is_empty() {
            let names = open.join(", ");
            return Err(format!("it is generic over {names}: give it concrete types first"));
        }
        if matches!(signature.safety, syn::Safety::Unsafe(_)) {
            return Err("it is unsafe: its caller must uphold what it asks".into());
        }
        if signature.variadic.is_some() {
            return Err("it takes any number of arguments".into());
        }
        let params = signature.inputs.iter().enumerate().map(|(at, input)| match input {
            FnArg::Typed(typed) => param(at, &typed.pat, &typed.ty),
            FnArg::Receiver(_) => Err("it is a method".into()),
        });
        let is_result = match &signature.output {
            ReturnType::Type(_, ty) => last_segment(ty).is_some_and(|name| name == "Result"),
            ReturnType::Default => false,
        };
        Ok(Self {
            function: signature.ident.to_string(),
            params: params.collect::<Result<_, _>>()?,
            is_async: signature.asyncness.is_some(),
            is_result,
        })
    }
}

fn param(at: usize, pattern: &Pat, ty: &Type) -> Result<Param, String> {
    let name = match pattern {
        Pat::Ident(ident) => ident.ident.to_string().trim_start_matches("r#").to_string(),
        _ => format!("arg{at}"),
    };
    let variable = format!("__ms_arg{at}");
    let (owned, pass) = owned(ty, &variable).map_err(|why| format!("parameter `{name}`: {why}"))?;
    Ok(Param { name, variable, owned, pass })
}

/// The owned type to make, and the argument made of a variable that holds it.
fn owned(ty: &Type, variable: &str) -> Result<(String, String), String> {
    match ty {
        Type::Paren(inner) => owned(&inner.elem, variable),
        Type::Group(inner) => owned(&inner.elem, variable),
        Type::Reference(reference) => {
            let borrow = if reference.mutability.is_some() { "&mut " } else { "&" };
            let inner = match &*reference.elem {
                Type::Slice(slice) => format!("__ms_rt::own::Vec<{}>", closed(&slice.elem)?),
                Type::Path(path) if path.path.is_ident("str") => "__ms_rt::own::String".into(),
                inner if last_segment(inner).is_some_and(|name| name == "Path") => {
                    "__ms_rt::own::PathBuf".into()
                }
                inner => closed(inner)?,
            };
            Ok((inner, format!("{borrow}{variable}")))
        }
        // `Option<&str>` and its like: own what is inside, lend it out.
        Type::Path(_) if last_segment(ty).is_some_and(|name| name == "Option") => {
            match argument(ty) {
                Some(Type::Reference(reference)) => {
                    let (inner, _) = owned(&Type::Reference(reference.clone()), variable)?;
                    let is_plain = matches!(&*reference.elem, Type::Path(path)
                        if !path.path.is_ident("str") && last_segment(&reference.elem).is_some_and(|name| name != "Path"));
                    let lend = match (is_plain, reference.mutability.is_some()) {
                        (true, false) => "as_ref",
                        (true, true) => "as_mut",
                        (false, false) => "as_deref",
                        (false, true) => "as_deref_mut",
                    };
                    Ok((format!("__ms_rt::own::Option<{inner}>"), format!("{variable}.{lend}()")))
                }
                _ => Ok((closed(ty)?, variable.into())),
            }
        }
        Type::ImplTrait(_) => Err(format!("`{}` is generic", ty.to_token_stream())),
        _ => Ok((closed(ty)?, variable.into())),
    }
}

/// A type's text, if it borrows nothing and can be named outside the signature.
fn closed(ty: &Type) -> Result<String, String> {
    struct Find(Option<&'static str>);
    impl<'ast> Visit<'ast> for Find {
        fn visit_type_reference(&mut self, _: &'ast syn::TypeReference) {
            self.0 = Some("borrows inside another type");
        }
        fn visit_lifetime(&mut self, lifetime: &'ast syn::Lifetime) {
            if lifetime.ident != "static" {
                self.0 = Some("borrows from its caller");
            }
        }
        fn visit_type_impl_trait(&mut self, _: &'ast syn::TypeImplTrait) {
            self.0 = Some("is generic");
        }
        fn visit_type_trait_object(&mut self, _: &'ast syn::TypeTraitObject) {
            self.0 = Some("is a trait object, which no JSON value names");
        }
        fn visit_type_fn_ptr(&mut self, _: &'ast syn::TypeFnPtr) {
            self.0 = Some("is a function pointer");
        }
        fn visit_type_ptr(&mut self, _: &'ast syn::TypePtr) {
            self.0 = Some("is a raw pointer");
        }
    }
    let text = ty.to_token_stream().to_string();
    if matches!(ty, Type::Path(path) if path.path.is_ident("str")) || matches!(ty, Type::Slice(_)) {
        return Err(format!("`{text}` has no size"));
    }
    // `Cow<'_, str>` owns when it is made from JSON.
    if last_segment(ty).is_some_and(|name| name == "Cow") {
        return Ok(text);
    }
    let mut find = Find(None);
    find.visit_type(ty);
    match find.0 {
        Some(why) => Err(format!("`{text}` {why}")),
        None => Ok(text),
    }
}

fn last_segment(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

/// The first type argument of a path's last segment.
fn argument(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}
