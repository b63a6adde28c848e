//! A function fits a screen. The few that do not are listed with their length, and the list may only shrink.

use std::collections::BTreeMap;

use syn::{spanned::Spanned, visit::Visit};

use super::project::{Project, Violation};

pub(super) const RULE: &str = "function-length";

/// The longest function that needs no entry, in lines from its signature to its closing brace.
const LIMIT: usize = 70;

/// One `path name length` a line.
const LIST: &str = "xtask/src/tidy/long_functions.txt";

pub(super) fn check(project: &Project) -> Vec<Violation> {
    let Some(list) = project.file(LIST) else {
        return vec![Violation {
            file: LIST.into(),
            line: 0,
            rule: RULE,
            message: "the list is missing".into(),
        }];
    };
    let mut violations = Vec::new();
    let mut known = BTreeMap::new();
    for (line, text) in list.lines().filter(|(_, text)| !text.is_empty() && !text.starts_with('#')) {
        let parts: Vec<&str> = text.split(' ').collect();
        match parts.as_slice() {
            [path, name, length] if length.parse::<usize>().is_ok() => {
                let length: usize = length.parse().expect("checked by the guard");
                known.insert(((*path).to_owned(), (*name).to_owned()), (length, line));
            }
            _ => violations.push(list.violation(line, RULE, "an entry is `path name length`")),
        }
    }
    for (file, syntax) in project.rust_files() {
        let mut lengths = Lengths::default();
        lengths.visit_file(syntax);
        for (name, line, length) in lengths.functions {
            if length <= LIMIT || file.is_test_line(line) {
                continue;
            }
            let entry = known.remove(&(file.path.clone(), name.clone()));
            let message = match entry {
                None => format!(
                    "`{name}` has {length} lines, more than {LIMIT}: take a part with a name out of it"
                ),
                Some((allowed, _)) if length > allowed => {
                    format!("`{name}` grew from {allowed} to {length} lines; long functions may only shrink")
                }
                Some((allowed, _)) if length < allowed => {
                    format!("`{name}` shrank to {length} lines: write that into {LIST}")
                }
                Some(_) => continue,
            };
            violations.push(file.violation(line, RULE, message));
        }
    }
    for ((path, name), (_, line)) in known {
        let message = format!("`{name}` of {path} is no longer over {LIMIT} lines: remove its entry");
        violations.push(list.violation(line, RULE, message));
    }
    violations
}

/// Functions by name (of its type, if it has one), first line and number of lines.
#[derive(Default)]
struct Lengths {
    owner: Option<String>,
    functions: Vec<(String, usize, usize)>,
}

impl Lengths {
    fn push(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let first = signature.span().start().line;
        let last = block.brace_token.span.close().end().line;
        let name = match &self.owner {
            Some(owner) => format!("{owner}::{}", signature.ident),
            None => signature.ident.to_string(),
        };
        self.functions.push((name, first, last - first + 1));
    }
}

impl<'ast> Visit<'ast> for Lengths {
    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let name = match &*item.self_ty {
            syn::Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
            _ => None,
        };
        let outer = std::mem::replace(&mut self.owner, name);
        syn::visit::visit_item_impl(self, item);
        self.owner = outer;
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.push(&function.sig, &function.block);
        syn::visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.push(&function.sig, &function.block);
        syn::visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.push(&function.sig, block);
        }
        syn::visit::visit_trait_item_fn(self, function);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lines: usize, list: &str) -> Vec<String> {
        let body = "    step();\n".repeat(lines - 2);
        let code = format!("struct Till;\nimpl Till {{\nfn close() {{\n{body}}}\n}}\n");
        check(&Project::sample(&[("crates/town/src/till.rs", &code), (LIST, list)]))
            .into_iter()
            .map(|violation| violation.message)
            .collect()
    }

    #[test]
    fn a_new_long_function_is_found_and_one_that_fits_is_not() {
        assert!(found(71, "")[0].starts_with("`Till::close` has 71 lines"));
        assert_eq!(found(70, ""), Vec::<String>::new());
    }

    #[test]
    fn a_listed_function_may_keep_its_length_but_not_grow() {
        let list = "# Present exceptions.\ncrates/town/src/till.rs Till::close 80\n";
        assert_eq!(found(80, list), Vec::<String>::new());
        assert!(found(81, list)[0].contains("grew from 80 to 81"));
    }

    #[test]
    fn a_function_that_shrank_takes_its_entry_with_it() {
        let list = "crates/town/src/till.rs Till::close 80\n";
        assert!(found(75, list)[0].contains("shrank to 75"));
        assert!(found(60, list)[0].contains("remove its entry"));
    }

    #[test]
    fn an_entry_that_cannot_be_read_is_found() {
        assert_eq!(found(10, "crates/town/src/till.rs\n"), ["an entry is `path name length`"]);
    }
}
