//! Nothing unfinished stands in the tree: no placeholder macros, no marks of work left over.

use syn::{spanned::Spanned, visit::Visit};

use super::{
    project::{Project, Violation},
    scan::{EVERYWHERE, Findings, scan},
};

pub(super) const RULE: &str = "unfinished";

const MACROS: &[&str] = &["todo", "unimplemented", "dbg"];
const MARKS: &[&str] = &["TODO", "FIXME", "XXX", "HACK"];

pub(super) fn check(project: &Project) -> Vec<Violation> {
    let mut violations = scan(project, RULE, EVERYWHERE, |syntax| {
        let mut finder = Finder::default();
        finder.visit_file(syntax);
        finder.0
    });
    for (file, _) in project.rust_files() {
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

#[derive(Default)]
struct Finder(Findings);

impl<'ast> Visit<'ast> for Finder {
    fn visit_macro(&mut self, invocation: &'ast syn::Macro) {
        if let Some(name) = MACROS.iter().find(|name| invocation.path.is_ident(name)) {
            self.0.push((invocation.path.span().start().line, format!("`{name}!` is unfinished work")));
        }
        syn::visit::visit_macro(self, invocation);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::scan::lines_found, *};

    fn found(code: &str) -> Vec<usize> {
        lines_found(check, "crates/bank/src/lib.rs", code)
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
