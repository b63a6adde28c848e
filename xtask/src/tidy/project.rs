//! What the rules read: the project's text files, their syntax trees, and the workspace's dependency edges.

use std::{
    fs, io,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use syn::{spanned::Spanned, visit::Visit};

/// Folders that hold products of the build, of tests or of a running town.
const NOT_SOURCE: &[&str] =
    &["target", "node_modules", "output", "corpus", "artifacts", "town-data", "sycee-data"];

/// Hidden folders that belong to the project.
const HIDDEN_BUT_OURS: &[&str] = &[".ci", ".cargo", ".github", ".config"];

/// Endings of the text files that rules look at.
const TEXT: &[&str] = &[
    "css", "html", "js", "json", "jsonl", "lock", "md", "mjs", "rs", "service", "sh", "snap", "sql", "svg",
    "toml", "txt", "yml",
];

/// One broken rule at one place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// Relative to the project's root.
    pub(crate) file: PathBuf,
    /// Counted from 1; 0 means the file as a whole.
    pub(crate) line: usize,
    /// The rule's name as `cargo xtask tidy` lists it.
    pub(crate) rule: &'static str,
    /// What is wrong and what to do instead.
    pub(crate) message: String,
}

/// One text file of the project.
pub(crate) struct SourceFile {
    /// Relative to the project's root, with `/` between its parts.
    pub(crate) path: String,
    /// The whole text.
    pub(crate) text: String,
    /// The syntax tree of a Rust file; `None` for other files.
    pub(crate) syntax: Option<syn::File>,
    /// Lines that are compiled for tests only.
    test_lines: Vec<RangeInclusive<usize>>,
}

impl SourceFile {
    fn new(path: &str, text: &str) -> Result<Self, String> {
        let syntax = match path.ends_with(".rs") {
            true => Some(syn::parse_file(text).map_err(|error| {
                format!("{path}:{}: this is not Rust: {error}", error.span().start().line)
            })?),
            false => None,
        };
        let test_lines = syntax.as_ref().map(test_only_lines).unwrap_or_default();
        Ok(Self { path: path.to_owned(), text: text.to_owned(), syntax, test_lines })
    }

    /// Whether the line is compiled for tests only.
    pub(crate) fn is_test_line(&self, line: usize) -> bool {
        self.is_test_file() || self.test_lines.iter().any(|range| range.contains(&line))
    }

    /// Whether the whole file is compiled for tests and measurements only.
    pub(crate) fn is_test_file(&self) -> bool {
        ["/tests/", "/benches/", "/examples/"].iter().any(|folder| self.path.contains(folder))
            || self.path.ends_with("/tests.rs")
    }

    /// The name of the crate whose `src` folder holds the file.
    pub(crate) fn library_crate(&self) -> Option<&str> {
        let (name, rest) = self.path.strip_prefix("crates/")?.split_once('/')?;
        rest.starts_with("src/").then_some(name)
    }

    /// The lines, counted from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.split('\n').enumerate().map(|(index, line)| (index + 1, line))
    }

    /// A violation of `rule` in this file.
    pub(crate) fn violation(&self, line: usize, rule: &'static str, message: impl Into<String>) -> Violation {
        Violation { file: PathBuf::from(&self.path), line, rule, message: message.into() }
    }
}

/// A crate of the workspace and the workspace crates that it is built from.
#[derive(Debug)]
pub(crate) struct Package {
    /// The crate's name.
    pub(crate) name: String,
    /// Its manifest, relative to the root.
    pub(crate) manifest: String,
    /// Normal and build dependencies (tests may reach further), workspace crates and others alike.
    pub(crate) dependencies: Vec<String>,
}

/// Everything the rules look at.
#[derive(Default)]
pub(crate) struct Project {
    /// The root folder; empty in the rules' own tests.
    pub(crate) root: PathBuf,
    /// Every text file.
    pub(crate) files: Vec<SourceFile>,
    /// Every workspace crate.
    pub(crate) packages: Vec<Package>,
}

impl Project {
    /// Reads the project under `root`.
    pub(crate) fn read(root: &Path) -> Result<Self, String> {
        let mut paths = Vec::new();
        collect(root, &mut paths).map_err(|error| format!("cannot list {}: {error}", root.display()))?;
        paths.sort();
        let mut files = Vec::new();
        for path in paths {
            let relative = path.strip_prefix(root).expect("collected below the root");
            let text = fs::read_to_string(&path)
                .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            files.push(SourceFile::new(&relative.to_string_lossy(), &text)?);
        }
        Ok(Self { root: root.to_owned(), files, packages: super::layers::packages(root)? })
    }

    /// A project made of samples, for the tests of rules.
    #[cfg(test)]
    pub(crate) fn sample(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| SourceFile::new(path, text).unwrap()).collect();
        Self { files, ..Self::default() }
    }

    /// The file at this path.
    pub(crate) fn file(&self, path: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Every Rust file with its syntax tree.
    pub(crate) fn rust_files(&self) -> impl Iterator<Item = (&SourceFile, &syn::File)> {
        self.files.iter().filter_map(|file| Some((file, file.syntax.as_ref()?)))
    }

    /// Whether a file or folder of this name exists.
    pub(crate) fn has_path(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let below = format!("{path}/");
        self.files.iter().any(|file| file.path == path || file.path.starts_with(&below))
            || (!self.root.as_os_str().is_empty() && self.root.join(path).exists())
    }
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type()?;
        let hidden = name.starts_with('.') && !HIDDEN_BUT_OURS.contains(&name.as_str());
        if kind.is_dir() && !hidden && !NOT_SOURCE.contains(&name.as_str()) {
            collect(&entry.path(), paths)?;
        } else if kind.is_file() && is_text(&entry.path()) {
            paths.push(entry.path());
        }
    }
    Ok(())
}

fn is_text(path: &Path) -> bool {
    let in_ci = path.parent().and_then(Path::file_name).is_some_and(|folder| folder == ".ci");
    in_ci || path.extension().is_some_and(|ending| TEXT.iter().any(|text| ending == *text))
}

fn test_only_lines(file: &syn::File) -> Vec<RangeInclusive<usize>> {
    struct Finder(Vec<RangeInclusive<usize>>);

    impl<'ast> Visit<'ast> for Finder {
        fn visit_item(&mut self, item: &'ast syn::Item) {
            if attributes(item).iter().any(is_test_attribute) {
                self.0.push(item.span().start().line..=item.span().end().line);
            } else {
                syn::visit::visit_item(self, item);
            }
        }

        fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
            if function.attrs.iter().any(is_test_attribute) {
                self.0.push(function.span().start().line..=function.span().end().line);
            }
        }
    }

    let mut finder = Finder(Vec::new());
    finder.visit_file(file);
    finder.0
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn is_test_attribute(attribute: &syn::Attribute) -> bool {
    match &attribute.meta {
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::List(list) if list.path.is_ident("cfg") => {
            list.tokens.clone().into_iter().any(|token| token.to_string() == "test")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_inside_a_test_module_are_test_lines_and_the_others_are_not() {
        let text = "fn pay() {}\n#[cfg(test)]\nmod tests {\n    fn check() {}\n}\nfn refund() {}\n";
        let file = SourceFile::new("crates/wallet/src/pay.rs", text).unwrap();
        let found: Vec<usize> = (1..=6).filter(|line| file.is_test_line(*line)).collect();
        assert_eq!(found, [2, 3, 4, 5]);
    }

    #[test]
    fn a_file_under_tests_is_test_code_throughout() {
        let file = SourceFile::new("crates/wallet/tests/pay.rs", "fn check() {}\n").unwrap();
        assert!(file.is_test_line(1));
        assert_eq!(file.library_crate(), None);
    }
}
