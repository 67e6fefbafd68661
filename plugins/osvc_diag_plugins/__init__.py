"""The collectors that ship with osvc_diag; they come in through the entry points that anybody uses."""
