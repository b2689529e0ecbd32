"""What pages show: rows and figures turned into the words, links and plots that a template only lays out."""
