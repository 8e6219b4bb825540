(component
  (import "plugin" (component
    (import "acme:io/files@1.0.0" (instance
      (export "file" (type (sub resource)))))
    (export "run" (func (param "name" string) (result (list u8))))))
  (import "log" (func)))
