"""What nobody uses: tables, reports and columns."""
