//! L0–L2 have no clock, randomness, input, output, environment, threads or async: all of that comes in as arguments.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit::Visit;

use super::{
    project::{Project, Violation},
    scan::{Findings, PURE_PRODUCT, scan},
};

pub(super) const RULE: &str = "pure-layers";

/// The crates of L0–L2.
pub(super) const PURE: &[&str] =
    &["money", "globalplatform", "pki", "ledger", "purse", "wallet", "bank", "messages", "vault", "issuer"];

/// Beginnings of paths that reach outside the program or depend on anything but the arguments.
const FORBIDDEN: &[(&str, &str)] = &[
    ("std::fs", "input and output"),
    ("std::io", "input and output"),
    ("std::net", "the network"),
    ("std::env", "the environment"),
    ("std::process", "the environment"),
    ("std::thread", "threads"),
    ("std::time::SystemTime", "a clock"),
    ("std::time::Instant", "a clock"),
    ("SystemTime", "a clock"),
    ("Instant", "a clock"),
    ("jiff", "a clock"),
    ("chrono", "a clock"),
    ("rand", "randomness"),
    ("getrandom", "randomness"),
    ("thread_rng", "randomness"),
    ("std::collections::hash_map::RandomState", "randomness"),
    ("RandomState", "randomness"),
    ("tokio", "async"),
    ("futures", "async"),
    ("std::future", "async"),
    ("rusqlite", "input and output"),
    ("postgres", "the network"),
    ("axum", "the network"),
];

/// Dependencies that would bring the same in through another door.
const FORBIDDEN_DEPENDENCIES: &[&str] = &[
    "axum",
    "chrono",
    "futures",
    "getrandom",
    "jiff",
    "postgres",
    "rand",
    "rusqlite",
    "tokio",
    "tokio-postgres",
];

pub(super) fn check(project: &Project) -> Vec<Violation> {
    let mut violations = scan(project, RULE, PURE_PRODUCT, |syntax| {
        let mut finder = Finder::default();
        finder.visit_file(syntax);
        finder.0
    });
    for package in project.packages.iter().filter(|package| PURE.contains(&package.name.as_str())) {
        for dependency in &package.dependencies {
            if FORBIDDEN_DEPENDENCIES.contains(&dependency.as_str()) {
                violations.push(Violation {
                    file: package.manifest.clone().into(),
                    line: 0,
                    rule: RULE,
                    message: format!(
                        "`{}` is a pure crate and may not depend on `{dependency}`",
                        package.name
                    ),
                });
            }
        }
    }
    violations
}

#[derive(Default)]
struct Finder(Findings);

impl Finder {
    fn path(&mut self, path: &str, span: Span) {
        let path = path.strip_prefix("core::").map_or_else(|| path.to_owned(), |rest| format!("std::{rest}"));
        let hit = FORBIDDEN.iter().find(|(forbidden, _)| {
            path.strip_prefix(forbidden).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        });
        if let Some((forbidden, what)) = hit {
            self.report(
                span,
                format!("`{forbidden}` brings {what} into a pure crate; pass it in as an argument"),
            );
        }
    }

    fn report(&mut self, span: Span, message: String) {
        self.0.push((span.start().line, message));
    }

    fn use_tree(&mut self, tree: &syn::UseTree, prefix: &str) {
        let join = |name: &syn::Ident| match prefix {
            "" => name.to_string(),
            prefix => format!("{prefix}::{name}"),
        };
        match tree {
            syn::UseTree::Path(path) => self.use_tree(&path.tree, &join(&path.ident)),
            syn::UseTree::Name(name) => self.path(&join(&name.ident), name.ident.span()),
            syn::UseTree::Rename(rename) => self.path(&join(&rename.ident), rename.ident.span()),
            syn::UseTree::Glob(glob) => self.path(prefix, glob.star_token.spans[0]),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.use_tree(item, prefix)),
        }
    }

    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(word) if word == "async" || word == "await" => {
                    self.report(word.span(), format!("`{word}` in a pure crate"));
                }
                TokenTree::Ident(word) => self.path(&word.to_string(), word.span()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.use_tree(&item.tree, "");
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let Some(first) = path.segments.first() {
            self.path(&segments.join("::"), first.ident.span());
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if let Some(keyword) = &signature.asyncness {
            self.report(keyword.span, format!("`async fn {}` in a pure crate", signature.ident));
        }
        syn::visit::visit_signature(self, signature);
    }

    fn visit_expr_async(&mut self, expression: &'ast syn::ExprAsync) {
        self.report(expression.async_token.span, "`async` block in a pure crate".to_owned());
        syn::visit::visit_expr_async(self, expression);
    }

    fn visit_macro(&mut self, invocation: &'ast syn::Macro) {
        self.tokens(invocation.tokens.clone());
        syn::visit::visit_macro(self, invocation);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::scan::lines_found, *};

    fn found(code: &str) -> Vec<usize> {
        lines_found(check, "crates/wallet/src/sample.rs", code)
    }

    #[test]
    fn a_clock_a_file_and_randomness_are_found_wherever_they_hide() {
        assert_eq!(found("use std::{fmt, time::SystemTime};\n"), [1]);
        assert_eq!(found("fn f() {\n    let _now = std::time::Instant::now();\n}\n"), [2]);
        assert_eq!(found("use std::fs::*;\n"), [1]);
        assert_eq!(
            found("fn f() {\n    println!(\"{:?}\", std::env::args());\n    rand::random::<u8>();\n}\n"),
            [3]
        );
        assert_eq!(found("fn f() {\n    assert!(rand::random());\n}\n"), [2]);
    }

    #[test]
    fn async_functions_and_blocks_are_found() {
        assert_eq!(found("async fn f() {}\n"), [1]);
        assert_eq!(found("fn f() {\n    let _work = async {};\n}\n"), [2]);
    }

    #[test]
    fn tests_and_outer_layers_may_use_them() {
        assert_eq!(found("#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n"), Vec::<usize>::new());
        let outer = Project::sample(&[("crates/server/src/sample.rs", "use std::fs;\n")]);
        assert_eq!(check(&outer), []);
    }

    #[test]
    fn a_runtime_among_the_dependencies_is_found() {
        let package = super::super::project::Package {
            name: "bank".to_owned(),
            manifest: "crates/bank/Cargo.toml".to_owned(),
            dependencies: vec!["tokio".to_owned()],
        };
        let project = Project { packages: vec![package], ..Project::default() };
        assert_eq!(check(&project).len(), 1);
    }
}
