//! Nothing unfinished stands in the tree: no placeholder macros, no marks of work left over.

use syn::{spanned::Spanned, visit::Visit};

use super::project::{Project, Violation};

pub(super) const RULE: &str = "unfinished";

const MACROS: &[&str] = &["todo", "unimplemented", "dbg"];
const MARKS: &[&str] = &["TODO", "FIXME", "XXX", "HACK"];

pub(super) fn check(project: &Project) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (file, syntax) in project.rust_files() {
        let mut finder = Finder(Vec::new());
        finder.visit_file(syntax);
        for (line, name) in finder.0 {
            violations.push(file.violation(line, RULE, format!("`{name}!` is unfinished work")));
        }
        for (line, text) in file.lines() {
            let comment = text.split_once("//").map_or("", |(_, comment)| comment);
            let mut words = comment.split(|letter: char| !letter.is_alphanumeric());
            if let Some(mark) = words.find(|word| MARKS.contains(word)) {
                violations.push(file.violation(
                    line,
                    RULE,
                    format!("`{mark}` is unfinished work; do it or open an issue"),
                ));
            }
        }
    }
    violations
}

struct Finder(Vec<(usize, String)>);

impl<'ast> Visit<'ast> for Finder {
    fn visit_macro(&mut self, invocation: &'ast syn::Macro) {
        if let Some(name) = MACROS.iter().find(|name| invocation.path.is_ident(name)) {
            self.0.push((invocation.path.span().start().line, (*name).to_owned()));
        }
        syn::visit::visit_macro(self, invocation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(code: &str) -> Vec<usize> {
        check(&Project::sample(&[("crates/bank/src/lib.rs", code)]))
            .into_iter()
            .map(|violation| violation.line)
            .collect()
    }

    #[test]
    fn placeholders_and_marks_are_found() {
        let mark = ["TO", "DO"].concat();
        assert_eq!(found("fn f() {\n    todo!()\n}\n"), [2]);
        assert_eq!(found(&format!("// {mark}: count the fee\nfn f() {{}}\n")), [1]);
    }

    #[test]
    fn a_word_that_contains_a_mark_is_fine() {
        assert_eq!(found("// Hackathon tickets are cards too.\nfn f() {}\n"), Vec::<usize>::new());
    }
}
