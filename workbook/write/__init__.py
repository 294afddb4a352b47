"""New workbooks: a nämnd's set, sheet by sheet."""
