//! `TransferView` and `TransferViewMut` of `#[telegram(view)]`. Each method of a field is one call.
//!
//! A view borrows from its bytes everything that the struct borrows, so all lifetimes of the struct become the lifetime of the bytes.

mod lifetimes;
mod values;

use fep_core::kinds::KindName;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::{GenericParam, Generics, Lifetime, Type};

use self::lifetimes::{BYTES, is_own, with_bytes_only};
use super::ask::{accessor, flattened_layout, index, is_signed_in_flattened, place};
use super::generics::{bytes_lifetime, decode, nested, relabelled};
use crate::attr::{Computed, Link};
use crate::model::{Field, Item, ItemKind, Telegram, View};
use crate::paths;

/// Both views, or stubs of both if there are mistakes.
pub(super) fn views(telegram: &Telegram, view: &View, stub: bool) -> TokenStream {
    let views = Views::of(telegram, view, stub);
    let types = views.types();
    let read = views.read();
    let write = views.write();
    quote!(#types #read #write)
}

struct Views<'t> {
    telegram: &'t Telegram,
    view: &'t View,
    /// The struct's type with the lifetime of the bytes.
    own: TokenStream,
    /// The struct's generics, with the lifetime of the bytes as the only lifetime.
    generics: Generics,
    /// `generics` with the bounds under which the struct is a telegram with views.
    bounded: Generics,
    stub: bool,
}

/// The name of the lifetime of a reborrowed view.
const SHORTER: &str = "__shorter";

impl<'t> Views<'t> {
    fn of(telegram: &'t Telegram, view: &'t View, stub: bool) -> Self {
        let ident = &telegram.ident;
        let arguments = telegram.generics.params.iter().map(|param| match param {
            GenericParam::Lifetime(_) => bytes_lifetime().into_token_stream(),
            GenericParam::Type(param) => param.ident.to_token_stream(),
            GenericParam::Const(param) => param.ident.to_token_stream(),
        });
        let own = quote!(#ident<#(#arguments),*>);
        let generics = with_bytes_only(&telegram.generics, telegram);
        let mut bounded = if stub { generics.clone() } else { with_bytes_only(&decode(telegram), telegram) };
        let viewed = telegram.paths.viewed();
        let bytes = bytes_lifetime();
        let body = telegram.paths.decode_body();
        let predicates = nested(telegram, &quote!(for<'__viewed> #viewed<'__viewed>), &quote!(#body<#bytes>));
        if !predicates.is_empty() {
            bounded.make_where_clause().predicates.extend(predicates);
        }
        Self { telegram, view, own, generics, bounded, stub }
    }

    /// The two structs, and the implementations that all views have.
    fn types(&self) -> TokenStream {
        let bytes = bytes_lifetime();
        let vis = &self.telegram.vis;
        let own = &self.own;
        let p = &self.telegram.paths;
        let View { ident, ident_mut, .. } = self.view;
        let window = p.window();
        let window_mut = p.window_mut();
        let viewed = p.viewed();
        let (_, ty_generics, struct_where) = self.generics.split_for_impl();
        let (impl_generics, _, where_clause) = self.bounded.split_for_impl();
        let params = &self.generics.params;
        let name = self.telegram.ident.unraw().to_string();
        let doc = format!("The bytes of a [`{name}`]. Only the fields that are read are decoded.");
        let doc_mut = format!("The bytes of a [`{name}`], patched field by field.");
        quote! {
            #[doc = #doc]
            #[allow(dead_code, reason = "a view has more methods than one program needs")]
            #vis struct #ident<#params>(#window<#bytes>, ::core::marker::PhantomData<fn() -> #own>) #struct_where;

            #[doc = #doc_mut]
            #[allow(dead_code, reason = "a view has more methods than one program needs")]
            #vis struct #ident_mut<#params>(#window_mut<#bytes>, ::core::marker::PhantomData<fn() -> #own>) #struct_where;

            #[automatically_derived]
            impl #impl_generics #viewed<#bytes> for #own #where_clause {
                type View = #ident #ty_generics;
                type ViewMut = #ident_mut #ty_generics;
            }

            #[automatically_derived]
            impl #impl_generics ::core::convert::From<#window<#bytes>> for #ident #ty_generics #where_clause {
                #[inline]
                fn from(window: #window<#bytes>) -> Self {
                    Self(window, ::core::marker::PhantomData)
                }
            }

            #[automatically_derived]
            impl #impl_generics ::core::convert::From<#window_mut<#bytes>> for #ident_mut #ty_generics #where_clause {
                #[inline]
                fn from(window: #window_mut<#bytes>) -> Self {
                    Self(window, ::core::marker::PhantomData)
                }
            }

            #[automatically_derived]
            impl #impl_generics ::core::clone::Clone for #ident #ty_generics #where_clause {
                #[inline]
                fn clone(&self) -> Self {
                    *self
                }
            }

            #[automatically_derived]
            impl #impl_generics ::core::marker::Copy for #ident #ty_generics #where_clause {}
        }
    }

    /// The methods of the view, and its `Debug`.
    fn read(&self) -> TokenStream {
        let bytes = bytes_lifetime();
        let vis = &self.telegram.vis;
        let own = &self.own;
        let p = &self.telegram.paths;
        let ident = &self.view.ident;
        let error = p.error();
        let result = paths::result();
        let window = p.window();
        let layout = self.layout();
        let (_, ty_generics, _) = self.generics.split_for_impl();
        let (impl_generics, _, where_clause) = self.bounded.split_for_impl();
        let new = self.body(quote! {
            #result::map(#window::new(#layout, const { #layout.fixed_len() }, bytes), ::core::convert::From::from)
        });
        let decode = self.body(quote!(self.0.decode()));
        let all = self.body(quote!(self.0.all(#layout)));
        let items = self.items().map(|(number, item)| self.read_item(number, item));
        let constants = self.items().filter(|_| !self.stub).map(|(number, item)| self.constant(number, item));
        let shown = ident.unraw().to_string();
        quote! {
            #[allow(dead_code, reason = "a view has more methods than one program needs")]
            impl #impl_generics #ident #ty_generics #where_clause {
                #(#constants)*

                /// Creates a view of these bytes. It checks their length, but not the fields.
                ///
                /// # Errors
                /// If the bytes have another length, or the count of a group that varies in length cannot be read.
                #[inline]
                #vis fn new(bytes: &#bytes [u8]) -> #result<Self, #error> { #new }

                /// Returns all bytes.
                #vis fn as_bytes(&self) -> &#bytes [u8] { #all }

                /// Decodes all fields, and checks the items that the view does not check: literals, fillers and computed fields.
                ///
                /// # Errors
                /// The error of the first item that cannot be read.
                #vis fn decode(&self) -> #result<#own, #error> { #decode }

                #(#items)*
            }

            #[automatically_derived]
            impl #impl_generics ::core::fmt::Debug for #ident #ty_generics #where_clause {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    self.0.debug(#shown, #layout, f)
                }
            }
        }
    }

    fn read_item(&self, number: usize, item: &Item) -> TokenStream {
        let bytes = bytes_lifetime();
        let p = &self.telegram.paths;
        let Item { member, vis, .. } = item;
        let docs = docs(item);
        let at = self.at(number);
        let error = p.error();
        let result = paths::result();
        let viewed = p.viewed();
        let (ty, body) = match &item.what {
            ItemKind::Field(_) => {
                let ty = self.with(&item.ty, BYTES);
                let slot = self.asked(number);
                let read = match self.sign_of(item) {
                    Some(sign) => quote!(self.0.signed(#slot, #at, #sign)),
                    None => quote!(self.0.field(#slot, #at)),
                };
                (quote!(#result<#ty, #error>), read)
            }
            ItemKind::Tail(_) => {
                let ty = self.with(&item.ty, BYTES);
                let slot = self.asked(number);
                (quote!(#result<#ty, #error>), quote!(self.0.tail(#slot, #at)))
            }
            ItemKind::Choice(_) => {
                let ty = self.with(&item.ty, BYTES);
                let choice = self.asked(number);
                let layout = self.layout();
                let chooser = p.slots("chooser");
                let index = index(self.telegram, number);
                let by = quote!(const { &#chooser(#layout, #index) });
                (quote!(#result<#ty, #error>), quote!(self.0.body(#choice, #by, #at)))
            }
            ItemKind::Computed {
                computed: Computed::Sign { .. } | Computed::Check { .. } | Computed::Link(Link::Check { .. }),
                ..
            } => (quote!(&#bytes [::core::primitive::u8]), quote!(self.0.bytes(#at))),
            ItemKind::Computed { computed, .. } => {
                let slot = self.asked(number);
                // A sum can be negative.
                let is_sum = matches!(computed, Computed::Sum { .. } | Computed::Link(Link::Sum(_)));
                let ty = if is_sum { quote!(::core::primitive::i128) } else { quote!(::core::primitive::u64) };
                (quote!(#result<#ty, #error>), quote!(self.0.field(#slot, #at)))
            }
            ItemKind::Part | ItemKind::Flatten => {
                let ty = self.with(&item.ty, BYTES);
                let view = quote_spanned!(place(&item.ty)=> <#ty as #viewed<#bytes>>::View);
                (view, quote!(::core::convert::From::from(self.0.part(#at))))
            }
            ItemKind::Group { entry, value: Some(field), .. } => self.read_values(number, entry, field),
            ItemKind::Group { entry, .. } => {
                let ty = self.with(entry, BYTES);
                let entries = p.entries();
                let group = self.asked(number);
                let body = quote_spanned!(place(entry)=> self.0.entries(#group, #at));
                (quote!(#entries<#bytes, #ty>), body)
            }
            ItemKind::Literal(..) | ItemKind::Filler { .. } => return TokenStream::new(),
        };
        let body = self.body(body);
        let raw = format_ident!("{}_bytes", member.unraw(), span = member.span());
        let raw_doc = format!("The bytes of `{}`, not converted.", member.unraw());
        let raw_body = self.body(quote!(self.0.bytes(#at)));
        quote! {
            #docs
            #[inline]
            #vis fn #member(&self) -> #ty { #body }

            #[doc = #raw_doc]
            #[inline]
            #vis fn #raw(&self) -> &#bytes [u8] { #raw_body }
        }
    }

    /// The methods of the view that patches.
    fn write(&self) -> TokenStream {
        let bytes = bytes_lifetime();
        let vis = &self.telegram.vis;
        let p = &self.telegram.paths;
        let View { ident, ident_mut, .. } = self.view;
        let error = p.error();
        let result = paths::result();
        let window_mut = p.window_mut();
        let layout = self.layout();
        let (_, ty_generics, _) = self.generics.split_for_impl();
        let (impl_generics, _, where_clause) = self.bounded.split_for_impl();
        let shorter = Lifetime::new(&format!("'{SHORTER}"), Span::call_site());
        let view_ty = relabelled(quote!(#ident #ty_generics), SHORTER, &|lifetime| lifetime == BYTES);
        let new = self.body(quote! {
            #result::map(#window_mut::new(#layout, const { #layout.fixed_len() }, bytes), ::core::convert::From::from)
        });
        let refresh = self.body(quote!(self.0.refresh()));
        let view = self.body(quote!(self.0.window()));
        let items = self.items().map(|(number, item)| self.write_item(number, item));
        let view_method = self.telegram.generics.type_params().next().is_none().then(|| {
            let body = if self.stub { view.clone() } else { quote!(::core::convert::From::from(#view)) };
            quote! {
                /// Returns a view of the current bytes.
                #[inline]
                #vis fn view<#shorter>(&#shorter self) -> #view_ty { #body }
            }
        });
        quote! {
            #[allow(dead_code, reason = "a view has more methods than one program needs")]
            impl #impl_generics #ident_mut #ty_generics #where_clause {
                /// Creates a view that patches these bytes. It checks their length, but not the fields.
                ///
                /// # Errors
                /// If the bytes have another length, or the count of a group that varies in length cannot be read.
                #[inline]
                #vis fn new(bytes: &#bytes mut [u8]) -> #result<Self, #error> { #new }

                #view_method

                /// Fills in the computed fields of the whole telegram again: lengths, sums, sequences, counts after their group, checks.
                ///
                /// # Errors
                /// If the items or a number of a sum cannot be read, or a computed value does not fit or would make an entry look unused. Then the
                /// bytes are unchanged.
                #vis fn refresh(&mut self) -> #result<(), #error> { #refresh }

                #(#items)*
            }

            #[automatically_derived]
            impl #impl_generics ::core::fmt::Debug for #ident_mut #ty_generics #where_clause {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    self.0.window().debug(::core::stringify!(#ident_mut), #layout, f)
                }
            }
        }
    }

    fn write_item(&self, number: usize, item: &Item) -> TokenStream {
        let p = &self.telegram.paths;
        let Item { member, vis, ty, .. } = item;
        let docs = docs(item);
        let at = self.at(number);
        let name = member.unraw();
        let error = p.error();
        let result = paths::result();
        let option = paths::option();
        let viewed = p.viewed();
        let shorter = Lifetime::new(&format!("'{SHORTER}"), Span::call_site());
        match &item.what {
            ItemKind::Field(Field { kind, .. }) => {
                let set = format_ident!("set_{name}", span = member.span());
                let ty = self.with(ty, "_");
                let slot = self.asked(number);
                let rule = p.rule(kind.name());
                let body = self.body(match self.sign_of(item) {
                    Some(sign) => quote!(self.0.set_signed(#slot, #at, #sign, value)),
                    None => quote!(self.0.set::<#rule, _>(#slot, #at, value)),
                });
                quote! {
                    #docs
                    ///
                    /// # Errors
                    /// If the value does not fit, or would make the entry look unused that it is in. Then the bytes are unchanged.
                    #[inline]
                    #vis fn #set(&mut self, value: &#ty) -> #result<(), #error> { #body }
                }
            }
            ItemKind::Part | ItemKind::Flatten => {
                let part = format_ident!("{name}_mut", span = member.span());
                let ty = self.with(ty, SHORTER);
                let of = quote_spanned!(place(&item.ty)=> <#ty as #viewed<#shorter>>::ViewMut);
                let body = self.body(quote!(<#of as ::core::convert::From<_>>::from(self.0.part(#at))));
                quote! {
                    #docs
                    #[inline]
                    #vis fn #part<#shorter>(&#shorter mut self) -> #of { #body }
                }
            }
            ItemKind::Group { entry, value: Some(field), .. } => self.write_values(number, item, entry, field),
            ItemKind::Group { entry, .. } => {
                let part = format_ident!("{name}_mut", span = member.span());
                let ty = self.with(entry, SHORTER);
                let group = self.asked(number);
                let of = quote_spanned!(place(entry)=> <#ty as #viewed<#shorter>>::ViewMut);
                let from = quote!(<#of as ::core::convert::From<_>>::from);
                let body = self.body(quote!(#option::map(self.0.entry(#group, #at, index), #from)));
                quote! {
                    #docs
                    ///
                    /// The entry at this index, from 0.
                    #vis fn #part<#shorter>(&#shorter mut self, index: usize)
                        -> #option<#of> { #body }
                }
            }
            ItemKind::Computed { .. }
            | ItemKind::Literal(..)
            | ItemKind::Filler { .. }
            | ItemKind::Choice(_)
            | ItemKind::Tail(_) => TokenStream::new(),
        }
    }

    /// The position of a number's sign, if the sign is in another field.
    fn sign_of(&self, item: &Item) -> Option<TokenStream> {
        if is_signed_in_flattened(self.telegram, item) {
            let layout = self.layout();
            let at = self.telegram.paths.item_at();
            let sign_index = self.telegram.paths.slots("sign_index");
            let number = self.telegram.items.iter().position(|other| other.member == item.member)?;
            let index = index(self.telegram, number);
            return Some(quote!(const { #at::item(#layout, #sign_index(#layout, #index)) }));
        }
        let is_sign = |other: &Item| matches!(&other.what, ItemKind::Computed { computed: Computed::Sign { of, outer: false, .. }, .. } if *of == item.member);
        self.telegram.items.iter().position(is_sign).map(|number| self.at(number))
    }

    /// The items with methods. Leaves out an item whose methods would be defined twice, which was reported.
    fn items(&self) -> impl Iterator<Item = (usize, &'t Item)> {
        let mut taken: Vec<String> = View::METHODS.map(str::to_owned).into();
        self.telegram.items.iter().enumerate().filter(move |(_, item)| {
            let methods = item.view_methods();
            let free = methods.iter().all(|method| !taken.contains(method));
            taken.extend(methods);
            free
        })
    }

    /// The type, with the struct's lifetimes replaced by this lifetime.
    fn with(&self, ty: &Type, lifetime: &str) -> TokenStream {
        relabelled(ty.to_token_stream(), lifetime, &|found| is_own(self.telegram, found))
    }

    fn layout(&self) -> TokenStream {
        let own = &self.own;
        let trait_ = self.telegram.paths.telegram();
        quote!(<#own as #trait_>::LAYOUT)
    }

    /// The constant that all methods of an item share: a pair of the item's slot in the layout and its position.
    fn constant(&self, number: usize, item: &Item) -> TokenStream {
        let p = &self.telegram.paths;
        let index = index(self.telegram, number);
        let layout = self.layout();
        let name = constant_name(number);
        let at = p.item_at();
        let slot = p.slot();
        let (ty, asked) = match &item.what {
            ItemKind::Field(Field { kind, .. }) | ItemKind::Tail(Field { kind, .. }) => {
                let rule = p.rule(kind.name());
                let accessor = p.slots(accessor(kind));
                (quote!(#slot<'static, #rule>), quote!(#accessor(#layout, #index)))
            }
            ItemKind::Computed {
                computed: Computed::Sign { .. } | Computed::Check { .. } | Computed::Link(Link::Check { .. }),
                ..
            } => (quote!(()), quote!(())),
            ItemKind::Choice(_) => {
                let choice = p.choice();
                (quote!(&'static #choice), {
                    let accessor = p.slots("choice");
                    quote!(#accessor(#layout, #index))
                })
            }
            ItemKind::Computed { .. } => {
                let rule = p.rule(KindName::Number);
                (quote!(#slot<'static, #rule>), {
                    let accessor = p.slots("number");
                    quote!(#accessor(#layout, #index))
                })
            }
            ItemKind::Group { value: Some(field), .. } => self.constant_of_values(number, field),
            ItemKind::Group { .. } => {
                let group = p.group();
                (quote!(&'static #group), {
                    let accessor = p.slots("group");
                    quote!(#accessor(#layout, #index))
                })
            }
            ItemKind::Part | ItemKind::Flatten | ItemKind::Literal(..) | ItemKind::Filler { .. } => {
                (quote!(()), quote!(()))
            }
        };
        if let ItemKind::Flatten = item.what {
            let part = flattened_layout(self.telegram, item);
            return quote!(const #name: (#ty, #at) = (#asked, #at::items(#layout, #index, #part.items().len())););
        }
        quote!(const #name: (#ty, #at) = (#asked, #at::item(#layout, #index));)
    }

    /// The first element of that constant: the slot.
    fn asked(&self, number: usize) -> TokenStream {
        let view = &self.view.ident;
        let name = constant_name(number);
        let (_, ty_generics, _) = self.generics.split_for_impl();
        quote!(<#view #ty_generics>::#name.0)
    }

    /// The second element of that constant: the position.
    fn at(&self, number: usize) -> TokenStream {
        let view = &self.view.ident;
        let name = constant_name(number);
        let (_, ty_generics, _) = self.generics.split_for_impl();
        quote!(<#view #ty_generics>::#name.1)
    }

    /// The body of a method. In a stub, it is unreachable.
    fn body(&self, body: TokenStream) -> TokenStream {
        if self.stub { quote!(::core::unreachable!()) } else { body }
    }
}

fn constant_name(number: usize) -> Ident {
    format_ident!("__ITEM_{number}")
}

/// The field's own doc comments, or its name and label.
fn docs(item: &Item) -> TokenStream {
    if !item.docs.is_empty() {
        let docs = &item.docs;
        return quote!(#(#docs)*);
    }
    let name = item.member.unraw();
    let doc = if item.label.is_empty() { format!("`{name}`.") } else { format!("`{name}`: {}.", item.label) };
    quote!(#[doc = #doc])
}
