"""What a new set begins with: rolled forward from earlier workbooks, as the definitions say."""
