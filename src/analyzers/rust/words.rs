//! Interning of names, and lowering of types and paths to [`Ty`] and [`Path`].

use std::cell::RefCell;

use rustc_hash::FxHashMap;
use syn::ext::IdentExt;

use super::Source;
use crate::model::Name;
use crate::model::facts::rust::types::{GenericParam, Generics, Path, Segment, Ty, Word};

/// The words of one file, in order of first use.
#[derive(Default)]
pub struct Words(RefCell<Table>);

#[derive(Default)]
struct Table {
    names: Vec<Name>,
    numbers: FxHashMap<Name, Word>,
}

impl Words {
    pub fn intern(&self, text: &str) -> Word {
        let mut table = self.0.borrow_mut();
        if let Some(word) = table.numbers.get(text) {
            return *word;
        }
        let word = table.names.len() as Word;
        let name = Name::from(text);
        table.names.push(name.clone());
        table.numbers.insert(name, word);
        word
    }

    pub fn text(&self, word: Word) -> Name {
        self.0.borrow().names.get(word as usize).cloned().unwrap_or_else(|| "".into())
    }

    pub fn into_names(self) -> Vec<Name> {
        self.0.into_inner().names
    }
}

impl Source<'_> {
    pub fn word(&self, text: &str) -> Word {
        self.words.intern(text)
    }

    /// An identifier's word, without `r#`.
    pub fn ident(&self, ident: &syn::Ident) -> Word {
        self.words.intern(&ident.unraw().to_string())
    }

    pub fn ty(&self, ty: &syn::Type) -> Ty {
        match ty {
            syn::Type::Path(path) => Ty::Path(self.qualified(path.qself.as_ref(), &path.path)),
            syn::Type::Reference(reference) => Ty::Ref {
                mutable: reference.mutability.is_some(),
                inner: Box::new(self.ty(&reference.elem)),
            },
            syn::Type::Ptr(pointer) => Ty::Ptr(Box::new(self.ty(&pointer.elem))),
            syn::Type::Slice(slice) => Ty::Slice(Box::new(self.ty(&slice.elem))),
            syn::Type::Array(array) => {
                let length = self.word(&spaceless(self.text_of(&array.len)));
                Ty::Array(Box::new(self.ty(&array.elem)), length)
            }
            syn::Type::Tuple(tuple) => {
                Ty::Tuple(tuple.elems.iter().map(|elem| self.ty(elem)).collect())
            }
            syn::Type::FnPtr(pointer) => Ty::Fn(
                pointer.inputs.iter().map(|input| self.ty(&input.ty)).collect(),
                Box::new(self.output(&pointer.output).unwrap_or(Ty::Tuple(Vec::new()))),
            ),
            syn::Type::TraitObject(object) => Ty::Dyn(self.bounds(&object.bounds)),
            syn::Type::ImplTrait(opaque) => Ty::Impl(self.bounds(&opaque.bounds)),
            syn::Type::Paren(inner) => self.ty(&inner.elem),
            syn::Type::Group(inner) => self.ty(&inner.elem),
            syn::Type::Never(_) => Ty::Never,
            _ => Ty::Infer,
        }
    }

    pub fn output(&self, output: &syn::ReturnType) -> Option<Ty> {
        match output {
            syn::ReturnType::Default => None,
            syn::ReturnType::Type(_, ty) => Some(self.ty(ty)),
        }
    }

    pub fn path(&self, path: &syn::Path) -> Path {
        Path {
            global: path.leading_colon.is_some(),
            qself: None,
            trait_len: 0,
            segments: path.segments.iter().map(|segment| self.segment(segment)).collect(),
        }
    }

    pub fn qualified(&self, qself: Option<&syn::QSelf>, path: &syn::Path) -> Path {
        let mut lowered = self.path(path);
        if let Some(qself) = qself {
            lowered.qself = Some(Box::new(self.ty(&qself.ty)));
            lowered.trait_len = qself.position as u32;
        }
        lowered
    }

    fn segment(&self, segment: &syn::PathSegment) -> Segment {
        let mut lowered =
            Segment { name: self.ident(&segment.ident), args: Vec::new(), bindings: Vec::new() };
        match &segment.arguments {
            syn::PathArguments::None => {}
            syn::PathArguments::AngleBracketed(arguments) => {
                self.arguments(arguments, &mut lowered);
            }
            syn::PathArguments::Parenthesized(arguments) => {
                let inputs = arguments.inputs.iter().map(|input| self.ty(&input.ty)).collect();
                lowered.args.push(Ty::Tuple(inputs));
                let output = self.output(&arguments.output).unwrap_or(Ty::Tuple(Vec::new()));
                lowered.bindings.push((self.word("Output"), output));
            }
        }
        lowered
    }

    fn arguments(&self, arguments: &syn::AngleBracketedGenericArguments, segment: &mut Segment) {
        for argument in &arguments.args {
            match argument {
                syn::GenericArgument::Type(ty) => segment.args.push(self.ty(ty)),
                syn::GenericArgument::Const(value) => {
                    segment.args.push(Ty::Const(self.word(&spaceless(self.text_of(value)))));
                }
                syn::GenericArgument::AssocType(binding) => {
                    segment.bindings.push((self.ident(&binding.ident), self.ty(&binding.ty)));
                }
                syn::GenericArgument::Constraint(constraint) => {
                    let bounds = Ty::Impl(self.bounds(&constraint.bounds));
                    segment.bindings.push((self.ident(&constraint.ident), bounds));
                }
                _ => {}
            }
        }
    }

    /// The types of a turbofish.
    pub fn turbofish(&self, arguments: &syn::AngleBracketedGenericArguments) -> Vec<Ty> {
        let mut segment = Segment { name: 0, args: Vec::new(), bindings: Vec::new() };
        self.arguments(arguments, &mut segment);
        segment.args
    }

    /// The traits of a list of bounds; `?Sized` and lifetimes are no demands.
    pub fn bounds<'b>(
        &self,
        bounds: impl IntoIterator<Item = &'b syn::TypeParamBound>,
    ) -> Vec<Path> {
        bounds
            .into_iter()
            .filter_map(|bound| match bound {
                syn::TypeParamBound::Trait(bound) if bound.maybe.is_none() => {
                    Some(self.path(&bound.path))
                }
                _ => None,
            })
            .collect()
    }

    pub fn generics(&self, generics: &syn::Generics) -> Generics {
        let mut lowered = Generics::default();
        for param in &generics.params {
            match param {
                syn::GenericParam::Type(param) => {
                    let name = self.ident(&param.ident);
                    lowered.params.push(GenericParam {
                        name,
                        is_const: false,
                        default: param.default.as_ref().map(|(_, ty)| self.ty(ty)),
                    });
                    let bounds = self.bounds(&param.bounds);
                    if !bounds.is_empty() {
                        lowered.bounds.push((self.plain(name), bounds));
                    }
                }
                syn::GenericParam::Const(param) => lowered.params.push(GenericParam {
                    name: self.ident(&param.ident),
                    is_const: true,
                    default: None,
                }),
                syn::GenericParam::Lifetime(_) => {}
            }
        }
        for predicate in generics.where_clause.iter().flat_map(|clause| &clause.predicates) {
            if let syn::WherePredicate::Type(predicate) = predicate {
                let bounds = self.bounds(&predicate.bounds);
                if !bounds.is_empty() {
                    lowered.bounds.push((self.ty(&predicate.bounded_ty), bounds));
                }
            }
        }
        lowered
    }

    /// The type that a plain identifier names.
    pub fn plain(&self, name: Word) -> Ty {
        let segment = Segment { name, args: Vec::new(), bindings: Vec::new() };
        Ty::Path(Path { segments: vec![segment], ..Path::default() })
    }
}

/// Source text with its white space squeezed to single blanks.
pub fn spaceless(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
