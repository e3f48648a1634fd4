//! Where the project is and where its generated things go. Knows no tool.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// The project's root folder.
#[derive(Debug, Clone)]
pub struct Project {
    root: PathBuf,
}

impl Project {
    /// The folder given, else the nearest one above the current folder with a template, else the one this was built
    /// from.
    pub fn locate(given: Option<PathBuf>) -> Result<Self, Error> {
        let root = match given {
            Some(root) => root,
            None => std::env::current_dir()
                .ok()
                .and_then(|here| here.ancestors().find(|each| is_root(each)).map(Path::to_path_buf))
                .or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf))
                .unwrap_or_default(),
        };
        let root = root.canonicalize().map_err(Error::io("find", &root))?;
        if is_root(&root) {
            Ok(Self { root })
        } else {
            Err(Error::Unexpected(format!("{} holds no template.yaml and samconfig.toml", root.display())))
        }
    }

    /// The root itself, absolute.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path below the root.
    pub fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    /// A folder below `.semel/`, where all generated state lives; created when missing.
    pub fn state_folder(&self, name: &str) -> Result<PathBuf, Error> {
        let folder = self.root.join(".semel").join(name);
        fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        Ok(folder)
    }

    /// The launcher of the engine and what belongs to it.
    pub fn engine_sources(&self) -> PathBuf {
        // A project given with --root may be another one; the launcher comes with this command.
        let own = self.path("infra/local");
        if own.join("launch.py").is_file() {
            own
        } else {
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/local")
        }
    }
}

fn is_root(folder: &Path) -> bool {
    folder.join("template.yaml").is_file() && folder.join("samconfig.toml").is_file()
}
